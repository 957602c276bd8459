package lab

// headerStyles are what answers tell of who wrote them. Of those that tell
// nothing each takes it away in another manner.
var headerStyles = []generator{
	{Generator{Name: "plain", Title: "all that CloudFront and the origins send", Tells: TellAll}, func(*drawing) {}},
	{Generator{Name: "no-timing", Title: "no Server-Timing", Tells: TellAll}, func(d *drawing) { d.noTiming = true }},
	{Generator{Name: "custom-page", Title: "the owner's error page on all but CloudFront's errors of capacity and quota", Tells: TellAll}, func(d *drawing) {
		d.page, d.noTiming = pageCustom, true
	}},
	{Generator{Name: "custom-page-s3", Title: "the same, and the page comes with the Server of the bucket that it lies in", Tells: TellAll}, func(d *drawing) {
		d.page, d.noTiming, d.errors = pageCustom, true, "AmazonS3"
	}},
	{Generator{Name: "server-rewritten", Title: "a policy writes Server over, on origins' answers or on all", Tells: TellAll}, func(d *drawing) {
		d.server, d.noTiming = "acme", d.maybe(0.5)
		if d.maybe(0.5) {
			d.layer = "acme"
		}
	}},
	{Generator{Name: "server-forged", Title: "every Server says CloudFront, and the origin's ids are removed", Tells: TellSome}, func(d *drawing) {
		d.layer, d.noIDs, d.noTiming = "CloudFront", true, d.maybe(0.7)
	}},
	{Generator{Name: "no-x-cache", Title: "X-Cache is removed", Tells: TellSome}, func(d *drawing) {
		d.noXCache, d.noTiming = true, d.maybe(0.5)
	}},
	{Generator{Name: "marked", Title: "all is removed but the header that the application puts on its good answers", Tells: TellSome}, func(d *drawing) {
		d.style, d.marker = bare, true
	}},
	{Generator{Name: "named", Title: "all is removed, and every answer has the Server of a layer in front", Tells: TellSome}, func(d *drawing) {
		d.style, d.layer = bare, "gateway"
	}},
	{Generator{Name: "bare", Title: "nothing is left but X-Cache, which says Error", Tells: TellNone}, func(d *drawing) { d.style = bare }},
	{Generator{Name: "bare-blind", Title: "the same, and X-Cache is removed from all answers", Tells: TellNone}, func(d *drawing) {
		d.style, d.noXCache = bare, true
	}},
	{Generator{Name: "bare-pages", Title: "the same as bare, but good answers come with Server-Timing", Tells: TellNone}, func(d *drawing) {
		d.style, d.goodTiming = bare, true
	}},
	{Generator{Name: "log", Title: "an access log of 33 fields", Tells: TellAll}, func(d *drawing) { d.Log = LogFull }},
	{Generator{Name: "log-bare", Title: "the same, but every error's result type is Error", Tells: TellNone}, func(d *drawing) { d.Log = LogResults }},
	{Generator{Name: "log-oldest", Title: "an access log of 12 fields", Tells: TellNone}, func(d *drawing) { d.Log = LogOldest }},

	{Generator{Name: "no-server", Title: "Server is removed, and Server-Timing", Tells: TellAll}, func(d *drawing) { d.server, d.noTiming = "-", true }},
	{Generator{Name: "proxied", Title: "an origin behind a proxy: Server: envoy, and no ids", Tells: TellAll}, func(d *drawing) {
		d.server, d.noIDs, d.noTiming = "envoy", true, d.maybe(0.5)
	}},
	{Generator{Name: "timing-only", Title: "all is removed but Server-Timing", Tells: TellSome}, func(d *drawing) {
		d.style = bare
		d.noTiming = false
	}},
	{Generator{Name: "empty", Title: "nothing is left, and errors have no body", Tells: TellNone}, func(d *drawing) {
		d.style = bare
		d.page = pageEmpty
	}},
	{Generator{Name: "log-short", Title: "an access log of 26 fields", Tells: TellSome}, func(d *drawing) { d.Log = LogShort }},
	{Generator{Name: "log-short-bare", Title: "the same, but every error's result type is Error", Tells: TellNone}, func(d *drawing) { d.Log = LogShortResults }},

	{Generator{Name: "own-page", Title: "the owner's page on every error, and every header", Tells: TellAll}, func(d *drawing) {
		d.page, d.noTiming = pageAlways, d.maybe(0.5)
	}},
	{Generator{Name: "no-reason", Title: "X-Cache says Error on every error, the rest is there", Tells: TellSome}, func(d *drawing) {
		d.noReason, d.noTiming = true, d.maybe(0.5)
	}},
	{Generator{Name: "age-only", Title: "all is removed but Age", Tells: TellSome}, func(d *drawing) {
		d.style = bare
		d.noAge = false
	}},
	{Generator{Name: "silent", Title: "nothing is left, not even X-Cache or a body", Tells: TellNone}, func(d *drawing) {
		d.style, d.noXCache = bare, true
		d.page = pageEmpty
	}},
	{Generator{Name: "mute", Title: "nothing is left but X-Cache, which says Error, and Server-Timing of good answers; errors have no body", Tells: TellNone}, func(d *drawing) {
		d.style, d.goodTiming = bare, true
		d.page = pageEmpty
	}},
	{Generator{Name: "log-mute", Title: "an access log whose every error is an Error, and times in full", Tells: TellNone}, func(d *drawing) { d.Log = LogResults }},

	{Generator{Name: "layered", Title: "a layer in front writes its own Server on everything, and leaves the rest", Tells: TellAll}, func(d *drawing) {
		d.layer, d.noTiming = "front", d.maybe(0.5)
	}},
	{Generator{Name: "log-rich", Title: "an access log of 33 fields, as CloudFront writes it", Tells: TellAll}, func(d *drawing) { d.Log = LogFull }},
	{Generator{Name: "pages-only", Title: "every header is removed, the writers' pages are there", Tells: TellSome}, func(d *drawing) {
		d.style = bare
		d.page = pageOwn
	}},
	{Generator{Name: "stripped", Title: "nothing is left, in one manner or another", Tells: TellNone}, func(d *drawing) {
		d.style, d.noXCache, d.goodTiming = bare, d.maybe(0.3), d.maybe(0.5)
		if d.maybe(0.5) {
			d.page = pageEmpty
		}
	}},
	{Generator{Name: "log-terse", Title: "an access log that names no writer, with more fields or fewer", Tells: TellNone}, func(d *drawing) {
		d.Log = []LogKind{LogResults, LogShortResults, LogResults, LogOldest}[d.whole(0, 3)]
	}},
}
