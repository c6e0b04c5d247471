package e2e_test

import (
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// watch hears what the browser reports of the page. Errors of scripts, words in
// the console, breaches of the content policy, anything that did not load or
// came from elsewhere: each is a defect, on whatever page it is.
func (v *tab) watch(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		v.complain("a script failed: %s", e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeAssert {
			v.complain("the console says: %s", words(e.Args))
		}
	case *log.EventEntryAdded:
		// What the network answered is looked at below.
		if e.Entry.Level == log.LevelError && e.Entry.Source != log.SourceNetwork {
			v.complain("the browser says (%s): %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *audits.EventIssueAdded:
		if e.Issue.Code == audits.InspectorIssueCodeContentSecurityPolicyIssue {
			d := e.Issue.Details.ContentSecurityPolicyIssueDetails
			v.complain("the page breaks its content security policy: %s %s", d.ViolatedDirective, d.BlockedURL)
		}
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; strings.HasPrefix(u, "http") && !strings.HasPrefix(u, v.url+"/") {
			v.complain("the page asks elsewhere: %s", u)
		}
	case *network.EventResponseReceived:
		v.answered(e)
	case *network.EventLoadingFailed:
		if !e.Canceled {
			v.complain("a %s did not load: %s %s", e.Type, e.ErrorText, e.BlockedReason)
		}
	case *page.EventJavascriptDialogOpening:
		v.complain("the page opens a dialog of the browser: %s", e.Message)
	case *inspector.EventTargetCrashed:
		v.complain("the page crashed")
	}
}

// answered looks at the status of an answer. A page may answer as the test
// expects; everything else on it must be there.
func (v *tab) answered(e *network.EventResponseReceived) {
	v.mu.Lock()
	expected := e.Type == network.ResourceTypeDocument && v.expected[e.Response.Status]
	v.mu.Unlock()
	if e.Response.Status >= 400 && !expected {
		v.complain("%s is answered with %d", e.Response.URL, e.Response.Status)
	}
}

func words(args []*runtime.RemoteObject) string {
	var b strings.Builder
	for _, arg := range args {
		fmt.Fprintf(&b, "%s %s ", arg.Value, arg.Description)
	}
	return strings.TrimSpace(b.String())
}

func (v *tab) complain(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.wrong = append(v.wrong, fmt.Sprintf(format, args...))
}

// report fails the test for everything that went wrong on the page.
func (v *tab) report() {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, w := range v.wrong {
		v.t.Errorf("on a page of the dashboard: %s", w)
	}
}
