package threecx

import (
	"context"
	"encoding/json"

	"crk/app/phone"
)

const opStatus = "threecx: ask whether it records"

// Warnings implements [phone.Warner].
func (c *Client) Warnings(ctx context.Context) (warnings []string, err error) {
	err = c.pace.Do(ctx, opStatus, func() error {
		warnings, err = c.askStatus(ctx)
		return err
	})
	return warnings, err
}

// askStatus asks at once.
func (c *Client) askStatus(ctx context.Context) ([]string, error) {
	warnings := []string{}
	err := c.signedIn(ctx, opStatus, func(token string) error {
		body, err := c.fetchJSON(ctx, opStatus, pathStatus+"?$select=RecordingStopped,RecordingQuotaReached", token)
		if err != nil {
			return err
		}
		var v struct {
			Stopped flag `json:"RecordingStopped"`
			Quota   flag `json:"RecordingQuotaReached"`
		}
		if json.Unmarshal(body, &v) != nil {
			return unexpected(opStatus, "the answer is not 3CX's")
		}
		if v.Stopped {
			warnings = append(warnings, phone.WarnStopped)
		}
		if v.Quota {
			warnings = append(warnings, phone.WarnQuota)
		}
		return nil
	})
	return warnings, err
}
