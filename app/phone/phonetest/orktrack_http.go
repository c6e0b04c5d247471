package phonetest

import (
	"cmp"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
)

const (
	loginPath = "/orktrack/rest/user/login"
	listPath  = "/orktrack/rest/recordings"
	mediaPath = "/orktrack/rest/mediastream/"
	alivePath = "/orktrack/rest/keepalive"
	page      = "<!DOCTYPE html><html><head><title>OrecX</title></head><body><form><input type=password></form></body></html>"
)

// ServeHTTP implements [http.Handler].
func (o *OrkTrack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	o.inFlight++
	o.stats.MostAtOnce = max(o.stats.MostAtOnce, o.inFlight)
	o.asked++
	f, busy := o.faults, o.faults.BusyEvery > 0 && o.asked%o.faults.BusyEvery == 0
	w.Header().Set("Date", o.now().Add(f.ClockSkew).UTC().Format(http.TimeFormat))
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		o.inFlight--
		o.mu.Unlock()
	}()
	if f.RedirectTo != "" {
		w.Header().Set("Location", f.RedirectTo)
		w.WriteHeader(http.StatusFound)
		return
	}
	if busy {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	o.route(w, r, f)
}

func (o *OrkTrack) route(w http.ResponseWriter, r *http.Request, f Faults) {
	switch p := r.URL.Path; {
	case r.Method == http.MethodPost && p == loginPath:
		o.login(w, r, f)
	case r.Method == http.MethodGet && p == listPath:
		if account, ok := o.authorized(w, r, f); ok {
			o.list(w, r, f, account)
		}
	case r.Method == http.MethodGet && p == alivePath:
		if _, ok := o.authorized(w, r, f); ok {
			w.WriteHeader(http.StatusOK)
		}
	case r.Method == http.MethodGet && strings.HasPrefix(p, mediaPath):
		if account, ok := o.authorized(w, r, f); ok {
			o.media(w, r, f, account)
		}
	case r.Method == http.MethodGet && strings.HasPrefix(p, "/orkui"):
		writePage(w)
	default:
		o.mu.Lock()
		o.stats.Unknown = append(o.stats.Unknown, r.Method+" "+p)
		o.mu.Unlock()
		http.NotFound(w, r)
	}
}

func (o *OrkTrack) login(w http.ResponseWriter, r *http.Request, f Faults) {
	if f.LoginHTML {
		writePage(w)
		return
	}
	if f.LoginStatus != 0 {
		w.WriteHeader(f.LoginStatus)
		return
	}
	user, password, _ := r.BasicAuth()
	form := strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
	o.mu.Lock()
	defer o.mu.Unlock()
	if want, known := o.accounts[user]; !known || want != password || form {
		o.stats.LoginsRefused++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	o.stats.Logins++
	value := newToken()
	o.tokens[value] = &token{account: user, madeAt: o.now()}
	http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: newToken(), Path: "/orktrack"})
	writeJSON(w, map[string]any{"accesstoken": value, "version": "orktrack 4.20-14190"})
}

// authorized answers requests without a good token.
func (o *OrkTrack) authorized(w http.ResponseWriter, r *http.Request, f Faults) (account string, ok bool) {
	value := r.Header.Get("Authorization")
	o.mu.Lock()
	defer o.mu.Unlock()
	if strings.HasPrefix(value, "Bearer ") {
		o.stats.BearerRefused++
		w.WriteHeader(http.StatusUnauthorized)
		return "", false
	}
	if account, ok = o.live(value); ok {
		return account, true
	}
	switch f.InvalidToken {
	case TokenForbidden:
		w.WriteHeader(http.StatusForbidden)
	case TokenErrorJSON:
		writeJSON(w, map[string]any{"error": "Invalid access token"})
	default:
		w.WriteHeader(http.StatusUnauthorized)
	}
	return "", false
}

func (o *OrkTrack) media(w http.ResponseWriter, r *http.Request, f Faults, account string) {
	id, _ := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, mediaPath), 10, 64)
	rec, found := o.serving(id, account, f)
	switch {
	case f.AudioStatus != 0:
		w.WriteHeader(f.AudioStatus)
	case !found:
		http.NotFound(w, r)
	case f.AudioHTML:
		w.Header().Set("Content-Type", "audio/x-wav")
		_, _ = io.WriteString(w, page)
	case f.AudioJSON != "":
		w.Header().Set("Content-Type", "audio/x-wav")
		_, _ = io.WriteString(w, f.AudioJSON)
	case f.AudioEmpty:
		w.Header().Set("Content-Type", "audio/x-wav")
	default:
		w.Header().Set("Content-Type", cmp.Or(rec.ContentType, "audio/x-wav"))
		delivery{
			sound: rec.Audio[:max(0, len(rec.Audio)-f.AudioShort)], tag: f.AudioTag, ranges: f.Range,
			noLength: f.AudioNoLength, truncate: f.AudioTruncate, breaks: f.AudioBreak, stall: f.AudioStall,
		}.send(w, r)
	}
}

// serving finds a recording that account may hear and counts the download.
func (o *OrkTrack) serving(id int64, account string, f Faults) (Recording, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at, known := o.index[id]
	if !known || !o.recordings[at].isFor(account, f) {
		return Recording{}, false
	}
	if o.misses[id] < f.AudioNotFoundFirst {
		o.misses[id]++
		return Recording{}, false
	}
	if f.AudioStatus == 0 {
		o.stats.Downloads[id]++
	}
	return o.recordings[at], true
}

func writePage(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html;charset=utf-8")
	_, _ = io.WriteString(w, page)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}

// shuffle puts rows into an order of their own that is the same every time.
func shuffle(rows []Recording) {
	rand.New(rand.NewPCG(1, uint64(len(rows)))).Shuffle(len(rows), func(i, j int) {
		rows[i], rows[j] = rows[j], rows[i]
	})
}
