package store

import (
	"context"

	"crk/app"
)

// An AnalysedCall is a call with what automations ask of it.
type AnalysedCall struct {
	app.Recording
	Transcript  string          // the text alone
	ScoreReason string          // the analysis's
	Sound       *app.AudioStats // nil while there is no audio
}

// AnalysedCall returns a call of a business as automations see it, read at one
// moment.
func (s *Store) AnalysedCall(ctx context.Context, business app.BusinessID, id string) (call AnalysedCall, err error) {
	var analysis app.Analysis
	row := s.reads.QueryRowContext(ctx, `SELECT `+recordingColumns+`,
			(SELECT text FROM transcripts t WHERE t.recording_id = r.id),
			(SELECT result FROM analyses x WHERE x.id = r.analysis_id),
			(SELECT stats FROM call_audio s WHERE s.recording_id = r.id)
		FROM recordings r WHERE r.id = ? AND r.business_id = ?`, id, business)
	call.Recording, err = scanRecording(wider{row, []any{text{&call.Transcript}, asJSON{&analysis}, asJSON{&call.Sound}}})
	call.ScoreReason = analysis.ScoreReason
	return call, found(err, "recording")
}

// A wider is a row with more columns than its scan function knows.
type wider struct {
	scanner
	rest []any
}

// Scan scans the known columns and the rest.
func (w wider) Scan(dest ...any) error { return w.scanner.Scan(append(dest, w.rest...)...) }
