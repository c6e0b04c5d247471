package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"crk/app"
	"crk/app/certs"
	"crk/app/egress"
	"crk/app/secret"
	"crk/store"
)

const (
	askTime  = 10 * time.Second // for one server
	skewWarn = time.Minute      // from which on signatures and sign-ins begin to be refused
	skewBad  = 10 * time.Minute //
	atOnce   = 8                // servers asked at the same time
	mostAsk  = 200              // servers asked at all
)

// A place is a server that the appliance needs.
type place struct {
	what  string // as findings call it
	url   string
	class egress.Class
	fix   string
	ca    string // the authority it names, PEM; empty: none
}

// operator asks the servers that the settings name.
func (e *examination) operator(ctx context.Context) {
	c := e.Config
	var places []place
	for _, p := range []place{
		{what: "transcription", url: c.STT.URL, fix: "is the server up, and CRK_STT_URL right?"},
		{what: "analysis", url: c.LLM.URL, fix: "is the server up, and CRK_LLM_URL right?"},
	} {
		if p.url != "" {
			places = append(places, place{what: p.what, url: p.url, class: egress.Operator, fix: p.fix})
		}
	}
	if c.Telegram.Token != "" {
		places = append(places, place{what: "Telegram", url: c.Telegram.URL, class: egress.Operator, fix: "may this machine reach it? A proxy is named with CRK_PROXY"})
	}
	e.ask(ctx, places)
}

// businesses asks the servers that businesses have set.
func (e *examination) businesses(ctx context.Context, box *secret.Box) {
	db, err := store.Open(ctx, store.Options{Path: e.Config.Database(), Schema: e.Schema, Box: box, KeepVersion: true})
	if err != nil {
		e.add("database", Bad, err.Error(), "")
		return
	}
	defer db.Close()
	all, err := db.Businesses(ctx)
	if err != nil {
		e.add("database", Bad, err.Error(), "")
		return
	}
	var places []place
	for _, b := range all {
		mine, err := placesOf(ctx, db, b)
		if err != nil {
			e.add("database", Bad, err.Error(), "")
			return
		}
		places = append(places, mine...)
	}
	e.ask(ctx, places[:min(len(places), mostAsk)])
}

// placesOf lists the phone systems and AI servers of a business.
func placesOf(ctx context.Context, db *store.Store, b app.Business) (places []place, err error) {
	phones, _, err := db.Providers(ctx, b.ID, mostAsk, 0)
	if err != nil {
		return nil, err
	}
	for _, p := range phones {
		var c struct {
			BaseURL       string `json:"baseUrl"`
			CACertificate string `json:"caCertificate"`
		}
		_ = json.Unmarshal(p.Config, &c) // the host stands in where it is not there
		if c.BaseURL == "" {
			c.BaseURL = "https://" + p.Host
		}
		places = append(places, place{what: "phone system " + p.Name, url: c.BaseURL, class: egress.Phone, ca: c.CACertificate,
			fix: "is it up, and its address right? Private networks beyond the usual are opened with " + egress.Setting})
	}
	for _, task := range app.AITasks() {
		a, err := db.AIServer(ctx, b.ID, task)
		if err != nil {
			return nil, err
		}
		if a != nil {
			places = append(places, place{what: string(task) + " of " + b.Name, url: a.URL, class: egress.AI, ca: a.CA, fix: "is the server up, and its address right? See Settings → Providers"})
		}
	}
	return places, nil
}

// ask asks each place whether it is there, several at the same time.
func (e *examination) ask(ctx context.Context, places []place) {
	policy := egress.Policy{Allow: e.Config.AllowNetworks, Proxy: e.Config.Proxy}
	found := make([][]Finding, len(places))
	free := make(chan struct{}, atOnce)
	var asking sync.WaitGroup
	for i, p := range places {
		free <- struct{}{}
		asking.Go(func() {
			defer func() { <-free }()
			found[i] = e.reach(ctx, policy, p)
		})
	}
	asking.Wait()
	for _, f := range found {
		e.findings = append(e.findings, f...)
	}
}

// reach asks one place, and compares its clock with ours.
func (e *examination) reach(ctx context.Context, policy egress.Policy, p place) []Finding {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, p.url, nil)
	if err != nil {
		return []Finding{{p.what, Bad, "its address is none", p.fix}}
	}
	client, err := policy.Clients(p.class, askTime).Trusting(p.ca)
	if err != nil {
		return []Finding{{p.what, Bad, "its certificate authority is none", "paste it anew in its settings"}}
	}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	var refused *egress.Refused
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refused):
		return []Finding{{p.what, Bad, "is in a network that may not be reached", "open it with " + egress.Setting}}
	case errors.As(err, &untrusted):
		return []Finding{{p.what, Warn, "is there, with a certificate that this machine does not trust", "trust its authority in its settings, or install it on this machine"}}
	case err != nil:
		return []Finding{{p.what, Bad, "cannot be reached: " + cause(err), p.fix}}
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
	return append([]Finding{{What: p.what, State: Good, Detail: "answers"}}, e.clock(p, res.Header.Get("Date"))...)
}

// cause is the innermost text of an error, which has no address in it.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// clock finds out how far our clock is from that of a server.
func (e *examination) clock(p place, date string) []Finding {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return nil
	}
	skew := e.Now().Sub(theirs).Round(time.Second)
	state := Good
	switch {
	case skew.Abs() >= skewBad:
		state = Bad
	case skew.Abs() >= skewWarn:
		state = Warn
	default:
		return nil // said once would be enough; nothing is
	}
	return []Finding{{"clock", state, fmt.Sprintf("differs by %s from that of %s", skew.Abs(), p.what), "have this machine set its clock from the network (timedatectl set-ntp true)"}}
}

// certificate looks at how long the certificate of HTTPS is good.
func (e *examination) certificate() {
	const what = "certificate"
	path, fix := e.Config.TLS.Cert, "renew it; it is read again by itself"
	if e.Config.TLS.Self {
		path, fix = filepath.Join(e.Config.DataDir, "tls", certs.AuthorityFile), "remove the folder tls in the data directory, start crk again, and install the new one on the visitors' devices"
	}
	if path == "" {
		return
	}
	b, err := os.ReadFile(path)
	block, _ := pem.Decode(b)
	if err != nil || block == nil {
		if e.Config.TLS.Self {
			return // made at the first start
		}
		e.add(what, Bad, path+" cannot be read", "put a PEM file there, readable by the user who runs crk")
		return
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		e.add(what, Bad, path+" holds no certificate", "put a PEM file there")
		return
	}
	switch left := c.NotAfter.Sub(e.Now()); {
	case left <= 0:
		e.add(what, Bad, "ended on "+c.NotAfter.Format(time.DateOnly), fix)
	case left < 14*24*time.Hour:
		e.add(what, Warn, "ends on "+c.NotAfter.Format(time.DateOnly), fix)
	default:
		e.good(what, "good until %s", c.NotAfter.Format(time.DateOnly))
	}
}
