package store

import (
	"context"

	"crk/app"
)

// AgentChannel returns which side of a recording is the agent's: what its phone
// integration says, else what its business does.
func (s *Store) AgentChannel(ctx context.Context, business app.BusinessID, recording string) (c app.AgentChannel, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT coalesce(nullif(p.agent_channel, ''), b.agent_channel)
		FROM recordings r JOIN businesses b ON b.id = r.business_id
			LEFT JOIN providers p ON p.id = r.provider_id AND p.business_id = r.business_id
		WHERE r.id = ? AND r.business_id = ?`, recording, business).Scan(&c)
	return c, found(err, "recording")
}

// BusinessAgentChannel returns which side is the agent's in a business's
// recordings, where their phone integration does not say.
func (s *Store) BusinessAgentChannel(ctx context.Context, business app.BusinessID) (c app.AgentChannel, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT agent_channel FROM businesses WHERE id = ?`, business).Scan(&c)
	return c, found(err, "business")
}

// SetBusinessAgentChannel sets it. Calls that are transcribed already stay as
// they are.
func (s *Store) SetBusinessAgentChannel(ctx context.Context, business app.BusinessID, c app.AgentChannel) error {
	return s.write(ctx, func(t *tx) error {
		var was app.AgentChannel
		if err := t.row(`SELECT agent_channel FROM businesses WHERE id = ?`, business).Scan(&was); err != nil {
			return found(err, "business")
		}
		if err := t.exec(`UPDATE businesses SET agent_channel = ? WHERE id = ?`, c, business); err != nil || was == c {
			return err
		}
		var touched changes
		touched.set("agentChannel", was, c)
		return t.audit(business, "channel.update", string(business), "", touched...)
	})
}
