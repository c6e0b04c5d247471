package web

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// A usageView is what a business used in a month, as the API shows it.
type usageView struct {
	Month           string           `json:"month"`
	Calls           int64            `json:"calls"`
	AudioMinutes    float64          `json:"audioMinutes"`
	AnalysedMinutes float64          `json:"analysedMinutes"`
	Notifications   map[string]int64 `json:"notifications"`
	Webhooks        int64            `json:"webhooks"`
	StorageBytes    int64            `json:"storageBytes"`
	Budget          budgetView       `json:"budget"`
}

// A budgetView is a budget and how much of it is used. Without a limit there is
// no percentage either.
type budgetView struct {
	Metric     string   `json:"metric"`
	Limit      *int64   `json:"limit"`
	Used       float64  `json:"used"`
	Percent    *float64 `json:"percent"`
	Thresholds []int    `json:"thresholds"`
	OnLimit    string   `json:"onLimit"`
}

func showUsage(u app.Usage) usageView {
	v := usageView{
		Month: u.Month, Calls: u.Calls, AudioMinutes: app.Minutes(u.AudioSeconds), AnalysedMinutes: app.Minutes(u.AnalysedSeconds),
		Notifications: u.Notifications, Webhooks: u.Webhooks, StorageBytes: u.StorageBytes,
		Budget: budgetView{
			Metric: app.MetricAnalysed, Used: app.Minutes(u.AnalysedSeconds),
			Thresholds: append([]int{}, u.Budget.Thresholds...), OnLimit: u.Budget.OnLimit,
		},
	}
	if percent, ok := u.Budget.Percent(u.AnalysedSeconds); ok {
		v.Budget.Limit, v.Budget.Percent = &u.Budget.Limit, &percent
	}
	return v
}

// getUsage shows a month of the business's time zone, the present one where none
// is named.
func getUsage(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q := readQuery(c)
		month := q.month("month")
		if err := q.err(); err != nil {
			return err
		}
		u, err := db.Usage(c.UserContext(), who(c).Business, month)
		if err != nil {
			return err
		}
		return c.JSON(showUsage(u))
	}
}

// month is a parameter that names a month, or empty.
func (q *query) month(name string) string {
	v := q.values.Get(name)
	if v == "" {
		return ""
	}
	if _, err := time.Parse("2006-01", v); err != nil || len(v) != len("2006-01") {
		q.problems.Add(name, "Give a month as 2026-11.")
		return ""
	}
	return v
}
