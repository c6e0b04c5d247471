package web

import (
	"context"
	"strings"

	"crk/app"
	"crk/app/egress"
	"crk/store"
)

// addWebhook makes a webhook. Its secret is returned this once.
func addWebhook(ctx context.Context, o Options, business app.BusinessID, in newWebhook) (app.Webhook, app.Secret, error) {
	if err := mayReach("url", o.Egress.CheckURL(ctx, egress.Webhook, in.URL)); err != nil {
		return app.Webhook{}, "", err
	}
	secret := app.NewWebhookSecret()
	w, err := o.DB.CreateWebhook(ctx, app.Webhook{
		BusinessID: business, URL: in.URL, Description: strings.TrimSpace(in.Description),
		Events: distinct(in.Events), Active: in.IsActive == nil || *in.IsActive, CA: in.ca,
	}, secret)
	return w, secret, err
}

// changeWebhook changes what the patch names.
func changeWebhook(ctx context.Context, o Options, business app.BusinessID, id string, in webhookPatch) (app.Webhook, error) {
	if in.URL != nil {
		if err := mayReach("url", o.Egress.CheckURL(ctx, egress.Webhook, *in.URL)); err != nil {
			return app.Webhook{}, err
		}
	}
	return o.DB.PatchWebhook(ctx, business, id, store.WebhookPatch{
		URL: in.URL, Description: in.Description, Events: distinct(in.Events), Active: in.IsActive, CA: in.ca,
	})
}

// renewWebhookSecret gives a webhook a new secret, which is returned this once.
func renewWebhookSecret(ctx context.Context, db *store.Store, business app.BusinessID, id string) (app.Secret, error) {
	secret := app.NewWebhookSecret()
	return secret, db.RotateWebhookSecret(ctx, business, id, secret)
}

// pemText is PEM as it was typed, without what a form's field makes of its lines.
func pemText(typed string) string {
	return strings.TrimSpace(strings.ReplaceAll(typed, "\r\n", "\n"))
}

// checkCA says what is wrong with certificate authorities that somebody wants to
// be trusted, as an error of the field.
func checkCA(field, ca string) error {
	var bad app.Problems
	if err := egress.CheckCA(ca); err != nil {
		bad.Add(field, "%s", sentence(err))
	}
	return bad.Err()
}
