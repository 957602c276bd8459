package guidance

import (
	"fmt"

	"frontload/results/report/plain"
)

// urlVariety: requests are for many URLs, as viewers' are: one hot URL tests
// one object in a cache, and none of the origin.
func urlVariety(f *Facts) finding {
	u := f.URLs
	g := finding{status: Unknown, measured: map[string]float64{
		"looked_at": float64(u.Seen), "distinct_urls": float64(u.Distinct), "top_share": u.Top, "key_prefixes": float64(u.Prefixes),
	}}
	prefixes, hits := "", ""
	if u.Prefixes > 0 {
		prefixes = many(u.Prefixes, "key prefix", "key prefixes")
	}
	if u.Hits != nil {
		g.measured["hit_share"] = *u.Hits
		hits = plain.Share(*u.Hits) + " of the answers are cache hits"
		if f.Source == "" {
			hits = "at most " + plain.Share(*u.Hits) + " of the answers can be cache hits"
		}
	}
	if u.Seen == 0 {
		g.words = sentences(prefixes, hits)
		return g
	}
	of := "requests looked at"
	if u.All {
		of = "requests"
	}
	top := ""
	if u.TopPath != "" {
		top = " (" + plain.Cut(plain.Line(u.TopPath), 40) + ")"
	}
	g.words = sentences(fmt.Sprintf("%s in %s %s, the commonest%s %s of them", many(u.Distinct, "URL", "URLs"),
		plain.Count(int64(u.Seen)), of, top, plain.Share(u.Top)), prefixes, hits)
	g.status = kept(u.Top <= mostTop)
	if g.status == Broken {
		g.fix = "ask for more URLs, as viewers do: give the path a variable, such as /articles/{id} with zipf, or replay an access log with from"
	}
	return g
}

// authorised: the owner of the target has the load sent, or agreed to it.
func authorised(f *Facts) finding {
	switch {
	case f.Unauthorised:
		return finding{
			status: Broken, words: "nothing authorises this load",
			fix: "if the target is yours to test, say why: target.authorization.attest in the scenario, or --attest",
		}
	case f.Authorization == "loopback":
		return finding{status: Kept, words: "every address is loopback"}
	case f.Authorization == "" && f.Source == "":
		return finding{status: Unknown, fix: "no address of the target is known, and so not whether it may be loaded: see that its name can be looked up"}
	case f.Authorization == "":
		return finding{status: Unknown, fix: "the run does not say why it might load its target"}
	}
	return finding{status: Kept, words: f.Authorization}
}
