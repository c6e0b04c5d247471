package demo

import (
	"time"

	"crk/app/phone/phonetest"
)

const (
	officeClient  = "crk-demo"
	officeKey     = "simulated"
	firstOfficeID = 63_001
	lull          = 25 * time.Minute // after a call of OneCall's
)

// officeScenes are the scenes of the calls that the office's own 3CX has, in turn.
func officeScenes() []string {
	return []string{"booking", "late_part", "compliment", "quotation", "driving", "contract"}
}

// officeCalls are the calls of the 3CX: a handful between those that OneCall had
// before the first start, so that they are the same at each. No new ones come.
func (d *Demo) officeCalls() []call {
	const every = 6 // of OneCall's
	var calls []call
	for i, scene := range officeScenes() {
		beside := d.diary.calls[i*every]
		calls = append(calls, call{firstOfficeID + int64(i), beside.At.Add(lull), scene, customer(historyCalls + i)})
	}
	return calls
}

// simulateOffice makes a 3CX with an API client of the role System Owner.
func (d *Demo) simulateOffice() {
	d.office = phonetest.NewThreeCX()
	d.office.AddClient(officeClient, officeKey)
	for _, c := range d.officeCalls() {
		s := d.scenes[c.Scene]
		who := agentOf(s.Agent)
		kind, from, to := "InboundExternal", phonetest.Outside(c.Phone), phonetest.Extension(who.extension, who.first+" "+who.last)
		if s.Direction == "OUT" {
			kind, from, to = "OutboundExternal", to, from
		}
		d.office.Add(phonetest.PBXRecording{
			ID: c.ID, StartedAt: c.At, EndedAt: c.At.Add(s.length()), CallType: kind, From: from, To: to, Audio: d.recorded[c.Scene],
		})
	}
}
