"""Flows of the history: days of 23 and 25 hours, and two periods beside each other."""
import re

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser_desk import examine, house, picture_of, settled, sign_in, tab_to


def flow_daylight_saving(desk):
    context = desk.context(accept_downloads=True)
    page = sign_in(context)
    for day, hours, seen, note in [
        ("2026-10-25", 25, 2, "This day has 25 hours"), ("2026-03-29", 23, 0, "This day has 23 hours"),
    ]:
        page.goto(f"{house}/history?by=day&day={day}")
        expect(page.locator("#day-length")).to_contain_text(note)
        page.get_by_role("button", name="Show as table").first.click()
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(hours)
        times = [text.strip() for text in page.locator("tbody th").all_inner_texts()]
        assert times[0] == "00:00" and times[-1] == "23:00", times
        assert times.count("02:00") == seen, times
        assert "–" not in page.locator("tbody").inner_text(), "an hour without values"
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").first.click()
        lines = open(download.value.path(), newline="").read().split("\r\n")
        assert lines[0].startswith("time,soc_min_pct") and len(lines) > 100, lines[:2]
        first = {"2026-10-25": "2026-10-24T22:0", "2026-03-29": "2026-03-28T23:0"}[day]
        assert lines[1].startswith(first), lines[1]
    page.get_by_role("button", name="Later").click()
    expect(page.get_by_role("heading", name="30 Mar 2026")).to_be_visible()
    expect(page.locator("#day-length")).to_have_count(0)
    expect(page.get_by_text("Nothing was measured in this period.")).to_be_visible()


def flow_compare(desk):
    axe = Axe()
    context = desk.context(accept_downloads=True)
    page = sign_in(context)

    def show(query):
        page.goto(f"{house}/history?{query}")
        settled(page)

    def rows_of(place=0):
        page.get_by_role("button", name="Show as table").nth(place).click()
        rows = page.locator("figure").nth(place).locator("tbody tr").all()
        return [[one.inner_text().strip() for one in row.locator("th, td").all()] for row in rows]

    def csv(place=0):
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").nth(place).click()
        return [line.split(",") for line in open(download.value.path(), newline="").read().strip().split("\r\n")]

    show("by=day&day=2026-10-26")
    switch = page.get_by_role("switch", name="Compare with the day before")
    expect(switch).not_to_be_checked()
    expect(page.locator("path.other")).to_have_count(0)
    assert "period" not in csv()[0], "one period needs no column that names it"
    tab_to(page, "", "compare")
    page.keyboard.press("Space")
    expect(switch).to_be_checked()
    assert page.url.endswith("&compare=before"), page.url
    settled(page)
    before = "Sun, 25 Oct 2026"
    # a second line, dashed and named, so that colour is never alone
    expect(page.locator("path.other")).to_have_count(2)
    assert page.evaluate("getComputedStyle(document.querySelector('path.other')).strokeDasharray") != "none"
    expect(page.locator(".legend").first).to_contain_text(before)
    expect(page.locator("figcaption").first).to_contain_text(f"{before}: highest")
    expect(page.locator("#other-length")).to_contain_text(f"{before} has 25 hours")
    page.locator(".plot").first.focus()
    page.keyboard.press("Home")
    expect(page.locator(".readout").first).to_contain_text(f"{before}: ")
    # the hour that came twice yesterday stands alone; every other hour stands beside the same one
    rows = rows_of()
    assert [row[0] for row in rows] == [f"{hour:02}:00" for hour in range(24)] + ["02:00"], rows
    assert all("–" not in row for row in rows[:24]), rows
    assert rows[24][1:5] == ["–"] * 4 and "%" in rows[24][5], rows[24]
    lines = csv()
    assert lines[0][-1] == "period" and len({len(line) for line in lines}) == 1, lines[0]
    kinds = {kind: [line[0] for line in lines[1:] if line[-1] == kind] for kind in ("shown", "before")}
    assert kinds["shown"][0].startswith("2026-10-25T23:0") and kinds["shown"][-1] < "2026-10-26T23:00", kinds["shown"][:1]
    assert kinds["before"][0].startswith("2026-10-24T22:0") and kinds["before"][-1] < "2026-10-25T23:00", kinds["before"][:1]
    assert len({time[:13] for time in kinds["before"]}) == 25 and len({time[:13] for time in kinds["shown"]}) == 24
    examine(axe, page, "two days")
    picture_of(page, "compare-day")
    # a day of 25 hours after one of 24, of 23 after 24, and of 24 after 23
    for day, count, alone, extra in [("2026-10-25", 25, 3, 0), ("2026-03-29", 23, None, 1), ("2026-03-30", 24, 2, 0)]:
        show(f"by=day&day={day}&compare=before")
        rows = rows_of()
        assert len(rows) == count + extra, (day, rows)
        for place, row in enumerate(rows[:count]):
            assert (row[5] == "–") == (place == alone), (day, place, row)
            assert row[2] != "–", (day, row)
        assert [(row[0], row[2]) for row in rows[count:]] == [("02:00", "–")] * extra, (day, rows[count:])
    # two weeks: the sums are those of the fleet
    show("by=week&day=2026-10-21&compare=before")
    expect(page.get_by_role("switch", name="Compare with the week before")).to_be_checked()
    expect(page.locator("line.other")).to_have_count(14)
    sums = page.evaluate("""() => Promise.all([['2026-10-18T22:00:00Z', '2026-10-25T23:00:00Z'], ['2026-10-11T22:00:00Z', '2026-10-18T22:00:00Z']]
        .map(([from, to]) => fetch(`/v1/gateways/gw-1/energy?from=${from}&to=${to}&by=day`).then((it) => it.json()))).then((all) => all.map((it) => it.total))""")
    for key, place in (("charged_wh", 0), ("discharged_wh", 1)):
        shown, last = [f"{one[key] / 1000:,.1f}" if one[key] < 100_000 else f"{one[key] / 1000:,.0f}" for one in sums]
        assert sums[0][key] > 1000 and sums[1][key] > 1000 and shown != last, sums
        box = page.locator(".pair .sum").nth(place)
        expect(box.locator(".big")).to_contain_text(shown)
        expect(box.locator(".hint")).to_contain_text(last)
        expect(box.locator(".change")).to_contain_text(re.compile("more|less|about the same"))
    rows = rows_of(1)
    assert len(rows) == 7 and rows[0][0] == "Mon 19 Oct" and rows[0][3] == "Mon 12 Oct", rows
    lines = csv(1)
    assert [line[-1] for line in lines] == ["period"] + ["shown"] * 7 + ["before"] * 7, lines
    examine(axe, page, "two weeks")
    picture_of(page, "compare-week")
    # a month of 28 days after one of 31
    show("by=month&day=2026-02-10&compare=before")
    rows = rows_of()
    assert len(rows) == 31 and [row[0] for row in rows[28:]] == ["29 Jan", "30 Jan", "31 Jan"], rows[26:]
    assert rows[0][2] != "–" and rows[30][2] == "–" and "%" in rows[30][5], (rows[0], rows[30])
    picture_of(page, "compare-month")
    # in zones of all kinds, one that leaves midnight out among them, every moment stands beside the same by the clock
    wrong = page.evaluate("""async () => {
        const { counterpart, fields, neighbour, period } = await import(document.querySelector('script[type=module]').src.replace('main.js', 'core/zone.js'));
        const wrong = [];
        for (const zone of ['Europe/Berlin', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kathmandu'])
            for (const [kind, count, step, most] of [['day', 366, 1800e3, 2], ['week', 53, 1800e3, 2], ['month', 14, 3600e3, 74], ['year', 3, 12600e3, 12]]) {
                let shown = period(kind, Date.UTC(2024, 0, 15), zone);
                for (let n = 0; n < count; n++, shown = neighbour(kind, shown, 1, zone)) {
                    const other = neighbour(kind, shown, -1, zone);
                    const seen = new Set();
                    let alone = 0;
                    for (let at = other.from; at < other.to; at += step) {
                        const to = counterpart(kind, at, other, shown, zone);
                        if (to === null) { alone++; continue; }
                        const [a, b] = [at, to].map((one) => fields(one, zone));
                        if (a.hour !== b.hour || a.minute !== b.minute || seen.has(to) || to < shown.from || to >= shown.to) wrong.push([zone, kind, at, to]);
                        seen.add(to);
                    }
                    if (alone > most) wrong.push([zone, kind, new Date(shown.from).toISOString(), alone]);
                }
            }
        return wrong.slice(0, 10);
    }""")
    assert not wrong, wrong
    # nothing before, and it is off again where it was on
    show("by=day&day=2026-01-29&compare=before")
    expect(page.get_by_text("Nothing was measured in the period before.")).to_be_visible()
    page.get_by_role("switch").uncheck()
    expect(page.get_by_text("Nothing was measured in the period before.")).to_have_count(0)
    assert "compare" not in page.url, page.url
    # this week is not over, and says so
    show("by=week&compare=before")
    expect(page.locator("#open").or_(page.get_by_text("Nothing was measured in the period before."))).to_be_visible()
