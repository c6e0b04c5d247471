package bench

// What the tests see of the inside.
var (
	TextFrame = textFrame
	SkipFrame = skipFrame
	Quantile  = quantile
)

// FanSockets is how many sockets the floor waits for.
const FanSockets = fanSockets
