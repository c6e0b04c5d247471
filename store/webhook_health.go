package store

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"crk/app"
)

// disableWebhook switches a webhook off for a reason of the appliance's own. It
// says so in the feed and to the business's other webhooks.
func (t *tx) disableWebhook(w app.Webhook, why app.WebhookReason) error {
	t.webhookChanged(w)
	err := t.exec(`UPDATE webhooks SET active = 0, disabled = ?, updated_at = ? WHERE id = ?`, why, stamp(t.now), w.ID)
	if err != nil {
		return err
	}
	var touched changes
	touched.set("reason", nil, string(why))
	if err := t.audit(w.BusinessID, "webhook.disable", w.ID, w.Description, touched...); err != nil {
		return err
	}
	if err := t.holdDeliveries(w.ID); err != nil {
		return err
	}
	if err := t.sayOfWebhook(w, app.Critical, disabledWebhook(w, why), ""); err != nil {
		return err
	}
	to, err := t.listeners(w.BusinessID, app.EventWebhookDisabled)
	if err != nil {
		return err
	}
	to = slices.DeleteFunc(to, func(other app.Webhook) bool { return other.ID == w.ID })
	if len(to) == 0 {
		return nil
	}
	_, err = t.addEvent(to, app.Event{Type: app.EventWebhookDisabled, Data: app.WebhookDisabledData{
		BusinessID: w.BusinessID, WebhookID: w.ID, Description: w.Description, Reason: why,
	}}, w.BusinessID)
	return err
}

// warnings are how long before a webhook is switched off for failing that is
// said, each once.
var warnings = []time.Duration{60 * time.Hour, 24 * time.Hour}

// warnOfWebhook says in the feed that a failing webhook will be switched off.
func (t *tx) warnOfWebhook(w app.Webhook) error {
	off := w.FailingSince.Add(app.WebhookPatience)
	for i, before := range slices.Backward(warnings) {
		if t.now.Before(off.Add(-before)) {
			continue
		}
		zone, err := t.location(w.BusinessID)
		if err != nil {
			return err
		}
		once := fmt.Sprintf("webhook-failing:%s:%d:%s", w.ID, i, strconv.FormatInt(w.FailingSince.UnixMilli(), 36))
		return t.sayOfWebhook(w, app.Warning, failingWebhook(w, off.In(zone)), once)
	}
	return nil
}

func (t *tx) sayOfWebhook(w app.Webhook, severity app.Severity, said map[string]words, once string) error {
	return t.say(app.FeedItem{
		BusinessID: w.BusinessID, Severity: severity, Data: []byte(toJSON(map[string]string{"outboundWebhookId": w.ID})),
	}, said, once)
}

// say puts words into a business's feed, in its language. once is as addFeed
// takes it.
func (t *tx) say(item app.FeedItem, in map[string]words, once string) error {
	var language string
	if err := t.row(`SELECT language FROM businesses WHERE id = ?`, item.BusinessID).Scan(&language); err != nil {
		return err
	}
	said, ok := in[language]
	if !ok {
		said = in["en"]
	}
	item.Title, item.Body = said.title, said.body
	_, err := t.addFeed(item, once)
	return err
}

// webhookName is how people tell a webhook from others: its address may hold a
// secret, so only the words they gave it are used.
func webhookName(w app.Webhook) string {
	if w.Description == "" {
		return ""
	}
	return ": " + w.Description
}

func disabledWebhook(w app.Webhook, why app.WebhookReason) map[string]words {
	if why == app.WebhookGone {
		return map[string]words{
			"en": {"Webhook switched off" + webhookName(w), "Its receiver answered that it is gone for good (410). New events are kept. Switch it on and recover what was kept, or delete it."},
			"th": {"ปิด webhook แล้ว" + webhookName(w), "ปลายทางแจ้งว่าเลิกใช้แล้ว (410) ระบบจะเก็บเหตุการณ์ใหม่ไว้ เปิดใช้อีกครั้งแล้วกู้คืนรายการที่เก็บไว้ หรือลบ webhook"},
		}
	}
	return map[string]words{
		"en": {"Webhook switched off" + webhookName(w), "Every attempt of five days failed. New events are kept. Mend the receiver, switch the webhook on and recover what was kept."},
		"th": {"ปิด webhook แล้ว" + webhookName(w), "ส่งไม่สำเร็จเลยตลอด 5 วัน ระบบจะเก็บเหตุการณ์ใหม่ไว้ แก้ไขปลายทาง เปิด webhook แล้วกู้คืนรายการที่เก็บไว้"},
	}
}

func failingWebhook(w app.Webhook, off time.Time) map[string]words {
	at := off.Format("2006-01-02 15:04")
	return map[string]words{
		"en": {"Webhook fails" + webhookName(w), "Its receiver has taken nothing for days. Unless it answers again, the webhook is switched off at " + at + "."},
		"th": {"webhook ส่งไม่สำเร็จ" + webhookName(w), "ปลายทางไม่รับเหตุการณ์มาหลายวัน หากยังไม่ตอบ ระบบจะปิด webhook เวลา " + at},
	}
}
