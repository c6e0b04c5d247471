package web

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// A feedView is an in-app notification as the API and the socket show it.
type feedView struct {
	ID        string          `json:"id"`
	Title     string          `json:"title"`
	Body      string          `json:"body"`
	Severity  string          `json:"severity"`
	Data      json.RawMessage `json:"data"`
	RuleID    *string         `json:"ruleId"`
	CreatedAt *string         `json:"createdAt"`
	ReadAt    *string         `json:"readAt"`
}

func showFeed(f app.FeedItem) feedView {
	data := f.Data
	if len(data) == 0 {
		data = json.RawMessage("{}")
	}
	return feedView{
		ID: f.ID, Title: f.Title, Body: f.Body, Severity: string(f.Severity), Data: data, RuleID: orNil(f.RuleID),
		CreatedAt: timeText(f.CreatedAt), ReadAt: timeText(f.ReadAt),
	}
}

// listFeed shows the feed as the key's owner sees it.
func listFeed(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q, w := readQuery(c), who(c)
		limit := q.whole("limit", 1, 200, 20)
		before, unread := q.cursor(), q.flag("unread")
		if err := q.err(); err != nil {
			return err
		}
		items, err := db.Feed(c.UserContext(), w.Business.ID, w.User.ID, before, unread, limit+1)
		if err != nil {
			return err
		}
		count, err := db.UnreadCount(c.UserContext(), w.Business.ID, w.User.ID)
		if err != nil {
			return err
		}
		var next *string
		if len(items) > limit {
			items = items[:limit]
			next = orNil(strconv.FormatInt(items[limit-1].Seq, 10))
		}
		return c.JSON(struct {
			cursorList[feedView]
			UnreadCount int `json:"unreadCount"`
		}{cursorList[feedView]{mapped(items, showFeed), next}, count})
	}
}

// cursor is the place where the last page ended, 0 for the first.
func (q *query) cursor() int64 {
	v := q.values.Get("cursor")
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n <= 0 {
		q.problems.Add("cursor", "Give the nextCursor of the page before.")
	}
	return n
}

func readFeedItem(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w, id := who(c), c.Params("id")
		if err := db.MarkRead(c.UserContext(), w.Business.ID, w.User.ID, id); err != nil {
			return err
		}
		f, err := db.FeedItem(c.UserContext(), w.Business.ID, w.User.ID, id)
		if err != nil {
			return err
		}
		return c.JSON(showFeed(f))
	}
}

func readWholeFeed(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		if err := db.MarkAllRead(c.UserContext(), w.Business.ID, w.User.ID); err != nil {
			return err
		}
		return c.JSON(fiber.Map{"unreadCount": 0})
	}
}

func getPreferences(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		p, err := db.Preferences(c.UserContext(), w.Business.ID, w.User.ID)
		if err != nil {
			return err
		}
		return c.JSON(p)
	}
}

// A preferencesPatch changes what it names.
type preferencesPatch struct {
	InAppEnabled *bool         `json:"inAppEnabled"`
	Sound        *bool         `json:"sound"`
	Desktop      *bool         `json:"desktop"`
	MinSeverity  *app.Severity `json:"minSeverity"`
	MutedRuleIDs []string      `json:"mutedRuleIds"`
}

const maxMuted = 200

// Validate checks the fields that are given.
func (p preferencesPatch) Validate() error {
	var bad app.Problems
	if p.MinSeverity != nil && !p.MinSeverity.Valid() {
		bad.Add("minSeverity", "This must be one of: info, success, warning, critical.")
	}
	if len(p.MutedRuleIDs) > maxMuted || slices.ContainsFunc(p.MutedRuleIDs, func(id string) bool { return len(id) > 64 }) {
		bad.Add("mutedRuleIds", "Give at most %d ids of automations.", maxMuted)
	}
	return bad.Err()
}

// apply changes p to what the patch names.
func (p preferencesPatch) apply(to *app.Preferences) {
	for _, b := range []struct {
		to   *bool
		from *bool
	}{{&to.InAppEnabled, p.InAppEnabled}, {&to.Sound, p.Sound}, {&to.Desktop, p.Desktop}} {
		if b.from != nil {
			*b.to = *b.from
		}
	}
	if p.MinSeverity != nil {
		to.MinSeverity = *p.MinSeverity
	}
	if p.MutedRuleIDs != nil {
		to.MutedRuleIDs = p.MutedRuleIDs
	}
}

func patchPreferences(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[preferencesPatch](c)
		if err != nil {
			return err
		}
		w := who(c)
		p, err := db.SetPreferences(c.UserContext(), w.Business.ID, w.User.ID, in.apply)
		if err != nil {
			return err
		}
		return c.JSON(p)
	}
}
