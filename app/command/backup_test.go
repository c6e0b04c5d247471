package command_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/datadir"
)

func TestBackupAndRestore(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t)
	is.NoErr(os.MkdirAll(filepath.Join(a.dir, "audio"), 0o700))
	dir := t.TempDir()
	phrase, file := filepath.Join(dir, "phrase"), filepath.Join(dir, "crk.age")
	is.NoErr(os.WriteFile(phrase, []byte("a long enough passphrase\r\nnot this\n"), 0o600))

	_, _, err := a.run("", "backup", file)
	is.True(err != nil && strings.Contains(err.Error(), "CRK_BACKUP_PASSPHRASE")) // nobody to ask: says how
	_, stderr, err := a.run("", "backup", file, "--passphrase-file", phrase)
	is.NoErr(err) // beside a server
	is.True(strings.Contains(stderr, "backed up"))
	_, _, err = a.run("", "backup", file, "--passphrase-file", phrase)
	is.True(err != nil && strings.Contains(err.Error(), "there already")) // nothing is overwritten

	to := map[string]string{"CRK_DATA_DIR": filepath.Join(dir, "elsewhere"), "CRK_BACKUP_PASSPHRASE": "a long enough passphrase"}
	_, stderr, err = run(t, to, "", "restore", file)
	is.NoErr(err)
	is.True(strings.Contains(stderr, "v1.2.3")) // by which version it was made
	_, _, err = run(t, to, "", "restore", file)
	is.True(err != nil && strings.Contains(err.Error(), "--force")) // says what to do
	_, stderr, err = run(t, to, "", "restore", file, "--force")
	is.NoErr(err)
	is.True(strings.Contains(stderr, "before-restore-")) // and where the old is
	_, _, err = run(t, to, "", "user", "password", "ann@example.com")
	is.NoErr(err) // the people are there

	to["CRK_BACKUP_PASSPHRASE"] = "a wrong passphrase"
	_, _, err = run(t, to, "", "restore", file, "--force")
	is.True(err != nil && strings.Contains(err.Error(), "does not open this backup"))
	unlock, err := datadir.Lock(to["CRK_DATA_DIR"])
	is.NoErr(err)
	defer unlock()
	_, _, err = run(t, to, "", "restore", file, "--force")
	is.True(err != nil && strings.Contains(err.Error(), "another crk runs")) // not under a server
}

func TestKeyRotate(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t)
	is.NoErr(a.db.Close())
	_, stderr, err := a.run("", "key", "rotate")
	is.NoErr(err)
	is.True(strings.Contains(stderr, "Keep a copy")) // what to do now
	_, _, err = a.run("", "user", "password", "ann@example.com")
	is.NoErr(err) // everything opens
	_, _, err = run(t, map[string]string{"CRK_DATA_DIR": t.TempDir()}, "", "key", "rotate")
	is.True(err != nil && strings.Contains(err.Error(), "CRK_DATA_DIR")) // no key is made by mistake
}

func TestDoctorSaysWhatToDo(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t)
	env := map[string]string{"CRK_DATA_DIR": a.dir, "CRK_LISTEN": "127.0.0.1:0", "CRK_DISK_RESERVE_MIB": "1"}
	stdout, _, err := run(t, env, "", "doctor")
	is.NoErr(err)
	is.True(strings.Contains(stdout, "database") && strings.Contains(stdout, "→ "))
	env["CRK_DISK_RESERVE_MIB"] = "1000000000"
	stdout, _, err = run(t, env, "", "doctor", "--json")
	is.True(err != nil) // a script sees it
	is.True(strings.Contains(stdout, `"what":"disk","state":"bad"`))
	file := filepath.Join(t.TempDir(), "support.zip")
	_, _, err = run(t, env, "", "support", file)
	is.NoErr(err)
	_, _, err = run(t, env, "", "support", file)
	is.True(err != nil) // nothing is overwritten
}

func TestHealth(t *testing.T) {
	is := is.New(t)
	ready := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" || !ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	env := map[string]string{"CRK_LISTEN": strings.TrimPrefix(server.URL, "http://")}
	_, _, err := run(t, env, "", "health")
	is.NoErr(err)
	ready = false
	_, _, err = run(t, env, "", "health")
	is.True(err != nil)
}
