package views_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"crk/app"
	"crk/views"
)

// mains makes a program of each sample: it takes the three headers as arguments
// and the body as its input, and ends with 0 where they belong together, 3 where
// not.
var mains = map[string]struct {
	command []string // followed by the file
	file    string
	text    string
}{
	"node": {[]string{"node"}, "verify.mjs", `
import { readFileSync } from "node:fs";
const [, , id, sent, signature] = process.argv;
process.exit(verify({ "webhook-id": id, "webhook-timestamp": sent, "webhook-signature": signature }, readFileSync(0)) ? 0 : 3);
`},
	"php": {[]string{"php"}, "verify.php", `
exit(verify($secret, ['webhook-id' => $argv[1], 'webhook-timestamp' => $argv[2], 'webhook-signature' => $argv[3]], file_get_contents('php://stdin')) ? 0 : 3);
`},
	"python": {[]string{"python3"}, "verify.py", `
import sys
headers = {"webhook-id": sys.argv[1], "webhook-timestamp": sys.argv[2], "webhook-signature": sys.argv[3]}
sys.exit(0 if verify(headers, sys.stdin.buffer.read()) else 3)
`},
	"go": {[]string{"go", "run"}, "verify.go", `
func main() {
	body, _ := io.ReadAll(os.Stdin)
	if !verify(http.Header{"Webhook-Id": {os.Args[1]}, "Webhook-Timestamp": {os.Args[2]}, "Webhook-Signature": {os.Args[3]}}, body) {
		os.Exit(3)
	}
}
`},
}

// TestWebhookSamplesVerify runs each sample against the signatures of the official
// library.
func TestWebhookSamplesVerify(t *testing.T) {
	secret := app.NewWebhookSecret()
	signer, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"type":"recording.completed","data":{"note":"สวัสดี"}}`
	now := time.Now()
	for _, sample := range views.WebhookSamples(app.Webhook{ID: "01936b2e"}) {
		main := mains[sample.ID]
		t.Run(sample.ID, func(t *testing.T) {
			if _, err := exec.LookPath(main.command[0]); err != nil {
				t.Skip("there is no " + main.command[0] + " here")
			}
			code := strings.Replace(sample.Code, "\t\"net/http\"", "\t\"io\"\n\t\"net/http\"", 1) // main's own of Go
			file := filepath.Join(t.TempDir(), main.file)
			is.New(t).NoErr(os.WriteFile(file, []byte(code+"\n"+main.text), 0o600))
			for _, tt := range []struct {
				name, body string
				at         time.Time
				lead       string // before the signature, as while a secret is changed
				want       int
			}{
				{"as it was sent", body, now, "", 0},
				{"signed by two secrets", body, now, "v1,bm8= ", 0},
				{"another body", body + " ", now, "", 3},
				{"sent long ago", body, now.Add(-6 * time.Minute), "", 3},
			} {
				is := is.New(t)
				signature, err := signer.Sign("msg_1", tt.at, []byte(body))
				is.NoErr(err)
				args := append(append([]string{}, main.command[1:]...), file, "msg_1", strconv.FormatInt(tt.at.Unix(), 10), tt.lead+signature)
				cmd := exec.CommandContext(t.Context(), main.command[0], args...)
				cmd.Stdin = strings.NewReader(tt.body)
				cmd.Env = append(os.Environ(), "CRK_WEBHOOK_SECRET="+secret.Reveal(), "GOFLAGS=")
				out, err := cmd.CombinedOutput()
				if got := exitCode(err, string(out)); got != tt.want {
					t.Errorf("%s: it ends with %d, not %d: %s", tt.name, got, tt.want, out)
				}
			}
		})
	}
}

// exitCode is what a program ended with; "go run" says that of its program in
// words.
func exitCode(err error, out string) int {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case strings.Contains(out, "exit status 3"):
		return 3
	case errors.As(err, &ended):
		return ended.ExitCode()
	}
	return -1
}

func TestWebhookSamplesHoldNoSecret(t *testing.T) {
	for _, sample := range views.WebhookSamples(app.Webhook{ID: "01936b2e-7a10"}) {
		is := is.New(t)
		is.True(strings.Contains(sample.Code, "webhook 01936b2e-7a10")) // says which webhook it is for
		is.True(!strings.Contains(sample.Code, "{{"))
		is.True(strings.Contains(sample.Code, "CRK_WEBHOOK_SECRET")) // and where the secret comes from
	}
}
