package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"crk/app"
)

const secretPrefix = "whsec_"

// The lengths that Standard Webhooks allows for a secret, in bytes.
const (
	shortestSecret = 24
	longestSecret  = 64
)

// errSecret never says more, so that no secret gets into an error.
var errSecret = errors.New(`webhook: a secret is "whsec_" and base64 of 24 to 64 bytes`)

// Sign returns the webhook-signature header of Standard Webhooks 1.0: a
// signature with each of the secrets, in their order, of the id, the time of
// the attempt and the exact bytes of the body.
func Sign(id string, at time.Time, body []byte, secrets ...app.Secret) (string, error) {
	if len(secrets) == 0 {
		return "", errors.New("webhook: no secret to sign with")
	}
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		key, err := readSecret(secret)
		if err != nil {
			return "", err
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " "), nil
}

func readSecret(secret app.Secret) ([]byte, error) {
	text, ok := strings.CutPrefix(secret.Reveal(), secretPrefix)
	if !ok {
		return nil, errSecret
	}
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(key) < shortestSecret || len(key) > longestSecret {
		return nil, errSecret
	}
	return key, nil
}
