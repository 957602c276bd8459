package guidance

import (
	"fmt"
	"time"

	"frontload/results"
	"frontload/results/report/plain"
)

// spread: each client spreads its requests over the whole set of addresses
// that it was given, so that no address gets much.
func spread(f *Facts) finding {
	s := f.Spread
	if s.Addresses == 0 {
		return finding{status: Unknown}
	}
	g := finding{status: NotApplicable, measured: map[string]float64{
		"edge_addresses": float64(s.Addresses), "jain": s.Jain, "largest_over_fair": s.Largest, "busiest_per_s": s.Busiest, "limit_per_s": results.MostPerEdge,
	}}
	g.words = "one edge address: nothing to spread over"
	if s.Addresses > 1 {
		uneven := s.Jain < leastJain
		g.words = fmt.Sprintf("%d edge addresses; evenness %.2f of 1 (Jain's index), the largest share %.2f times the fair one", s.Addresses, s.Jain, s.Largest)
		g.status = kept(!uneven)
		if uneven {
			g.fix = "the answers of DNS differ in size, or few clients share some: use more resolvers or client subnets, so that each address is given to as many clients"
		}
	}
	if s.Off != nil {
		g.measured["off_due"] = *s.Off
		g.words += "; each client evenly over its own answer"
		if *s.Off > 0 {
			g.words += ", to within " + plain.Share(*s.Off)
		}
		if *s.Off > mostOff {
			g.status = Broken
			g.fix = "clients do not go round their whole answers: look for edge addresses that refuse connections, or that a limit holds back"
		}
	}
	g.overRate(f)
	return g
}

// overRate adds what the busiest address gets.
func (g *finding) overRate(f *Facts) {
	s := f.Spread
	if s.Busiest == 0 {
		return
	}
	name := ""
	if s.Address != "" {
		name = ", " + s.Address + ","
	}
	g.words += fmt.Sprintf("; the busiest%s gets %s, of the %d/s that it may get", name, perSecond(s.Busiest), results.MostPerEdge)
	if s.Busiest > results.MostPerEdge*(1+f.Chance) {
		g.status = Broken
		g.fix = "use more clients with look-ups of their own, by more resolvers or client subnets, so that more edge addresses share the load; or lower the peak"
	}
}

// ramp: the load grows so slowly that what is behind the edge can grow along.
func ramp(f *Facts) finding {
	r := f.Ramp
	if r.Peak == 0 {
		return finding{status: Unknown}
	}
	may := max(atOnce, r.Base*(1+mostGrowth))
	g := finding{status: kept(r.Rate <= may*(1+f.Chance)), measured: map[string]float64{
		"start_per_s": r.Start, "peak_per_s": r.Peak, "worst_per_s": r.Rate, "worst_at_s": r.At, "worst_base_per_s": r.Base, "worst_may_be_per_s": may,
	}}
	at := plain.Clock(time.Duration(r.At * float64(time.Second)))
	switch {
	case g.status == Kept && r.Peak <= atOnce*(1+f.Chance):
		g.words = fmt.Sprintf("at most %s, which may begin at once", perSecond(r.Peak))
	case g.status == Kept:
		g.words = fmt.Sprintf("from %s to %s, never over +%s in five minutes", perSecond(r.Start), perSecond(r.Peak), plain.Share(max(0, worstGrowth(r))))
	case r.At == 0:
		g.words = fmt.Sprintf("begins at %s at once, of the %d/s that may begin so", perSecond(r.Rate), atOnce)
	case r.Base == 0:
		g.words = fmt.Sprintf("from %s to %s within %s, of the %d/s that it may reach in its first five minutes", perSecond(r.Start), perSecond(r.Rate), at, atOnce)
	default:
		g.words = fmt.Sprintf("at %s it is %s; five minutes before it had not been over %s, which may grow to %s", at, perSecond(r.Rate), perSecond(r.Base), perSecond(may))
	}
	if g.status == Broken {
		g.fix = fmt.Sprintf("use load.guided: {start: 50/s, peak: %.0f/s}, which grows by 50%% every five minutes", r.Peak)
	}
	return g
}

// worstGrowth returns how much the rate grew over five minutes, of what may not
// begin at once.
func worstGrowth(r RampFacts) float64 { return r.Rate/max(r.Base, atOnce/(1+mostGrowth)) - 1 }
