package views

import (
	"strings"

	"crk/app"
)

// ProfilePage is the reader's own account: name, language, password, devices.
type ProfilePage struct {
	Name     Form
	Password Form
	TwoStep  Form          // of the password that its buttons ask for
	Sessions []app.Session // newest first
	Current  string        // the id of the one that asks

	RecoveryLeft int // recovery codes not used, where one-time codes are on
}

// Enrolment is what an authenticator is to be told. Without a secret only the
// code is asked for again.
type Enrolment struct {
	Form
	Secret string   // in base32
	QR     [][]bool // rows of dark squares
}

// device names a browser and its system as well as its own description lets
// one: that is a claim, good enough to tell one's devices apart.
func device(agent string) string {
	browser, system := "", ""
	for _, b := range []struct{ sign, name string }{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Line/", "LINE"},
		{"CriOS/", "Chrome"}, {"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
		{"curl/", "curl"},
	} {
		if strings.Contains(agent, b.sign) {
			browser = b.name
			break
		}
	}
	for _, s := range []struct{ sign, name string }{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	} {
		if strings.Contains(agent, s.sign) {
			system = s.name
			break
		}
	}
	return strings.TrimSpace(strings.Join([]string{browser, system}, " "))
}

// deviceIcon is a telephone or a screen.
func deviceIcon(agent string) string {
	if strings.Contains(agent, "Mobile") || strings.Contains(agent, "iPhone") || strings.Contains(agent, "Android") {
		return "smartphone"
	}
	return "monitor"
}
