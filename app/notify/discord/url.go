package discord

import (
	"regexp"
	"slices"
	"strings"

	"crk/app"
)

// InvalidWebhook is the code of Parse's errors.
const InvalidWebhook = "discord_invalid_webhook"

// A Hook is one incoming webhook of Discord, taken apart: requests are built
// from these parts and never from what somebody typed.
type Hook struct {
	ID     string     // digits
	Token  app.Secret // [A-Za-z0-9_-]
	Thread string     // digits of a thread, or empty
}

const (
	urlLimit = 512
	urlShape = "https://discord.com/api/webhooks/{id}/{token}"
)

var (
	hookPath  = regexp.MustCompile(`^/api(?:/v(?:6|7|8|9|10))?/webhooks/([0-9]{1,20})/([A-Za-z0-9_-]{1,128})/?$`)
	otherKind = regexp.MustCompile(`^/api(?:/v[0-9]+)?/webhooks/[0-9]+/[A-Za-z0-9_-]+/(slack|github)/?$`)
	threadID  = regexp.MustCompile(`^[0-9]{1,20}$`)
	waitValue = regexp.MustCompile(`^[A-Za-z0-9]{0,8}$`)
)

// Parse takes a webhook's URL apart, as Discord's "Copy Webhook URL" gives it.
// It accepts only https on Discord's own hosts and nothing that URL parsers are
// known to disagree about. The error is an *app.Error with the code
// InvalidWebhook; it never repeats the URL, which is a secret.
func Parse(raw string) (Hook, error) {
	s := strings.TrimSpace(raw)
	if len(s) > urlLimit {
		return Hook{}, invalid("The URL is too long for a Discord webhook.")
	}
	// Everything that can make two parsers see two hosts is refused at sight.
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`%\#@`, r) }) {
		return Hook{}, invalid("The URL holds characters that no Discord webhook has; its form is " + urlShape + ".")
	}
	const scheme = "https://"
	if len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return Hook{}, invalid("The URL must begin with https://; its form is " + urlShape + ".")
	}
	host, rest, _ := strings.Cut(s[len(scheme):], "/")
	if !ours(host) {
		return Hook{}, invalid("The URL must be one of discord.com; its form is " + urlShape + ".")
	}
	path, query, _ := strings.Cut("/"+rest, "?")
	if kind := otherKind.FindStringSubmatch(path); kind != nil {
		return Hook{}, invalid("This is the webhook's URL for " + kind[1] + "; leave /" + kind[1] + " at its end away.")
	}
	parts := hookPath.FindStringSubmatch(path)
	if parts == nil {
		return Hook{}, invalid("The URL is none of a Discord webhook; its form is " + urlShape + ".")
	}
	thread, ok := parseQuery(query)
	if !ok {
		return Hook{}, invalid("Behind its question mark the URL may only hold thread_id, in digits.")
	}
	return Hook{ID: parts[1], Token: app.Secret(parts[2]), Thread: thread}, nil
}

// ours reports whether a URL's authority is one of Discord's hosts and nothing
// else: no port, no user, no dot at the end.
func ours(authority string) bool {
	host := strings.ToLower(authority)
	for _, prefix := range []string{"ptb.", "canary."} {
		if bare, ok := strings.CutPrefix(host, prefix); ok {
			host = bare
			break
		}
	}
	return slices.Contains([]string{"discord.com", "discordapp.com"}, host)
}

// parseQuery reads the thread from a query that may hold wait too.
func parseQuery(query string) (thread string, ok bool) {
	if query == "" {
		return "", true
	}
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		switch {
		case key == "wait" && waitValue.MatchString(value):
		case key == "thread_id" && thread == "" && threadID.MatchString(value):
			thread = value
		default:
			return "", false
		}
	}
	return thread, true
}

func invalid(message string) error {
	return &app.Error{
		Kind: app.Invalid, Code: InvalidWebhook, Message: message,
		Fields: []app.Field{{Name: "webhookUrl", Message: message}},
	}
}
