package syncer_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"crk/app/audio"
)

// inLoop runs do for n calls, some at once, and returns how many a second.
func inLoop(b *testing.B, n, atOnce int, do func(id int) error) float64 {
	b.Helper()
	ids := make(chan int)
	began := time.Now()
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for id := range ids {
				if err := do(id); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range n {
		ids <- 10_000 + i
	}
	close(ids)
	wg.Wait()
	return float64(n) / time.Since(began).Seconds()
}

// bareLoop downloads the recordings as fast as files can be written durably.
func bareLoop(b *testing.B, r *rig, n int) float64 {
	b.Helper()
	token, dir := signIn(b, r), b.TempDir()
	return inLoop(b, n, 2, func(id int) error {
		return download(b.Context(), r.url, token, id, func(body io.Reader) error {
			f, err := os.Create(filepath.Join(dir, strconv.Itoa(id)))
			if err != nil {
				return err
			}
			defer f.Close()
			if _, err := io.Copy(f, body); err != nil {
				return err
			}
			return f.Sync()
		})
	})
}

// honestLoop downloads the recordings into encrypted files that survive a power
// cut, and commits a row for each.
func honestLoop(b *testing.B, r *rig, n int) float64 {
	b.Helper()
	token := signIn(b, r)
	identity, err := r.AudioIdentity(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	files, err := audio.OpenStore(b.TempDir(), identity)
	if err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "honest.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(b.Context(), `CREATE TABLE calls (id INTEGER PRIMARY KEY, size INTEGER, sha256 TEXT)`); err != nil {
		b.Fatal(err)
	}
	turns := make(chan struct{}, 2)
	return inLoop(b, n, 32, func(id int) error {
		var p *audio.Pending
		turns <- struct{}{}
		err := download(b.Context(), r.url, token, id, func(body io.Reader) (err error) {
			p, err = files.Write(b.Context(), body, maxAudio)
			return err
		})
		<-turns
		if err != nil {
			return err
		}
		if err := p.Commit(fmt.Sprintf("00000000-0000-7000-8000-%012x", id)); err != nil {
			return err
		}
		_, err = db.ExecContext(b.Context(), `INSERT INTO calls VALUES (?, ?, ?)`, id, p.Size, p.SHA256)
		return err
	})
}

// signIn returns a token of the simulator.
func signIn(b *testing.B, r *rig) string {
	b.Helper()
	login, err := http.NewRequestWithContext(b.Context(), http.MethodPost, r.url+"/orktrack/rest/user/login", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	login.SetBasicAuth(user, password)
	resp, err := http.DefaultClient.Do(login)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	var token struct {
		Value string `json:"accesstoken"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&token); err != nil {
		b.Fatal(err)
	}
	return token.Value
}

// download gets one recording and gives its bytes to save.
func download(ctx context.Context, url, token string, id int, save func(io.Reader) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/orktrack/rest/mediastream/"+strconv.Itoa(id), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("recording %d: %s", id, resp.Status)
	}
	return save(resp.Body)
}
