package store

import (
	"context"
	"time"

	"crk/app"
)

// deniedFor are the times in which no recording is asked for after it was seen that
// none is handed out, each after one more look in vain; the last stays.
var deniedFor = [...]time.Duration{10 * time.Minute, 30 * time.Minute, time.Hour}

// DenyAudio notes that a phone system lists calls and hands out no recording, and
// why: app.AudioDenied or app.AudioFailing. That is told, once, and downloads wait:
// then one at a time is tried.
func (s *Store) DenyAudio(ctx context.Context, business app.BusinessID, provider, code string) error {
	return s.write(ctx, func(t *tx) error {
		p, err := t.provider(business, provider)
		if err != nil {
			return err
		}
		h, err := scanHealth(t.row(healthQuery, p.ID, p.BusinessID))
		if err != nil || h.DeniedUntil.After(t.now) {
			return err // of what was under way when it was noted
		}
		until := t.now.Add(deniedFor[min(h.Denied, len(deniedFor)-1)])
		err = t.exec(`INSERT INTO sync_health (provider_id, denied, denied_until, denied_code) VALUES (?, 1, ?, ?)
			ON CONFLICT (provider_id) DO UPDATE SET denied = denied + 1, denied_until = excluded.denied_until, denied_code = excluded.denied_code`,
			p.ID, stamp(until), code)
		if err != nil || h.Denied > 0 {
			return err
		}
		t.providerChanged(p)
		if err := t.exec(`UPDATE providers SET state = 'failing' WHERE id = ? AND state = 'ok'`, p.ID); err != nil {
			return err
		}
		if err := t.emitSync(p, code); err != nil {
			return err
		}
		if code == app.AudioFailing {
			return t.sayOfPhone(p, app.Warning, audioFailing(p))
		}
		return t.sayOfPhone(p, app.Critical, audioDenied(p))
	})
}

// HearAudio notes that a recording came: the others, which waited for that, are due.
func (s *Store) HearAudio(ctx context.Context, business app.BusinessID, provider string) error {
	return s.write(ctx, func(t *tx) error {
		p, err := t.provider(business, provider)
		if err != nil || p.Denied == "" {
			return err
		}
		t.providerChanged(p)
		if err := t.exec(`UPDATE sync_health SET denied = 0 WHERE provider_id = ?`, p.ID); err != nil {
			return err
		}
		err = t.exec(`UPDATE providers SET next_sync_at = min(next_sync_at, ?) WHERE id = ? AND next_sync_at IS NOT NULL`,
			stamp(t.now), p.ID) // that sync says whether all is well
		if err != nil {
			return err
		}
		if err := t.letHear(p); err != nil {
			return err
		}
		return t.sayOfPhone(p, app.Success, audioHeard(p))
	})
}

// letHear lets a phone system be asked for recordings at once, those too that wait
// for a later try.
func (t *tx) letHear(p app.Provider) error {
	if err := t.exec(`UPDATE sync_health SET denied_until = NULL WHERE provider_id = ?`, p.ID); err != nil {
		return err
	}
	return t.dueFetches(p)
}

func audioDenied(p app.Provider) map[string]words {
	if p.Kind == app.SourceThreeCX {
		return map[string]words{
			"en": {"3CX does not let recordings be heard: " + p.Name, "Calls are listed and their audio is refused. Give the sign-in the role System Owner; what waits is fetched then."},
			"th": {"3CX ไม่ให้ฟังไฟล์เสียง: " + p.Name, "เห็นรายการสายแต่ดาวน์โหลดเสียงไม่ได้ ให้บทบาท System Owner กับบัญชีนี้ แล้วระบบจะดึงสายที่รออยู่ให้"},
		}
	}
	return map[string]words{
		"en": {"The phone system does not let recordings be heard: " + p.Name, "Calls are listed and their audio is refused. Ask for the right to play recordings for this user; what waits is fetched then."},
		"th": {"ระบบโทรศัพท์ไม่ให้ฟังไฟล์เสียง: " + p.Name, "เห็นรายการสายแต่ดาวน์โหลดเสียงไม่ได้ ขอสิทธิ์ฟังไฟล์เสียงให้ผู้ใช้นี้ แล้วระบบจะดึงสายที่รออยู่ให้"},
	}
}

func audioFailing(p app.Provider) map[string]words {
	return map[string]words{
		"en": {"The phone system hands out no recordings: " + p.Name, "Calls are listed, and asking for their audio ends in errors of its own. It is asked less often until it does; what waits is fetched then, and no call is lost."},
		"th": {"ระบบโทรศัพท์ไม่ส่งไฟล์เสียง: " + p.Name, "เห็นรายการสายแต่ขอไฟล์เสียงแล้วระบบตอบว่าผิดพลาด จะลองห่างขึ้นจนกว่าจะได้ แล้วดึงสายที่รออยู่ให้ครบ"},
	}
}

func audioHeard(p app.Provider) map[string]words {
	return map[string]words{
		"en": {"Recordings come again: " + p.Name, "What waited is being fetched."},
		"th": {"ได้รับไฟล์เสียงแล้ว: " + p.Name, "กำลังดึงสายที่รออยู่"},
	}
}
