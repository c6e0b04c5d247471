package views

import (
	_ "embed"
	"strings"

	"crk/app"
)

// How a receiver verifies an event, in four languages. Tests run them.
var (
	//go:embed samples/verify.go.txt
	verifyGo string
	//go:embed samples/verify.mjs
	verifyNode string
	//go:embed samples/verify.php
	verifyPHP string
	//go:embed samples/verify.py
	verifyPython string
)

// A WebhookSample is how a program verifies the events of a webhook.
type WebhookSample struct {
	Language string // as it is called
	ID       string // of its element
	Code     string
}

// WebhookSamples returns the samples for one webhook. They hold its id and never
// its secret, which the program reads from its environment.
func WebhookSamples(w app.Webhook) []WebhookSample {
	all := []WebhookSample{
		{"Node.js", "node", verifyNode}, {"PHP", "php", verifyPHP}, {"Python", "python", verifyPython}, {"Go", "go", verifyGo},
	}
	for i := range all {
		all[i].Code = strings.TrimSpace(strings.ReplaceAll(all[i].Code, "{{webhook}}", w.ID))
	}
	return all
}
