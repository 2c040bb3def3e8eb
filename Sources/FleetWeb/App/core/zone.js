// The calendar of a house's own time zone, where a day may have 23 or 25 hours.

const kept = new Map();

function reader(zone) {
  if (!kept.has(zone)) {
    let format;
    const options = {
      hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric',
      second: 'numeric',
    };
    try {
      format = new Intl.DateTimeFormat('en-u-ca-iso8601', { ...options, timeZone: zone || undefined });
    } catch {
      format = new Intl.DateTimeFormat('en-u-ca-iso8601', options);
    }
    kept.set(zone, format);
  }
  return kept.get(zone);
}

/** What a clock and a calendar in the zone show at a moment. */
export function fields(ms, zone) {
  const found = {};
  for (const part of reader(zone).formatToParts(ms)) found[part.type] = Number(part.value);
  return found;
}

/** How far the zone's clock is ahead of UTC at a moment, ms. */
export function offset(ms, zone) {
  const f = fields(ms, zone);
  return Date.UTC(f.year, f.month - 1, f.day, f.hour, f.minute, f.second) - Math.floor(ms / 1000) * 1000;
}

/** The moment at which a day begins in the zone; months and days may run over. */
export function dayStart(year, month, day, zone) {
  const wall = Date.UTC(year, month - 1, day);
  let guess = wall - offset(wall, zone);
  guess = wall - offset(guess, zone);
  if (fields(guess, zone).hour === 0) return guess;
  // where the clock is put forward at midnight the day begins later, at the moment of that
  return wall - Math.min(offset(guess - 86_400_000, zone), offset(guess + 86_400_000, zone));
}

/** The period of a kind around a moment: { from, to, by } with moments in ms. */
export function period(kind, ms, zone) {
  const { year, month, day } = fields(ms, zone);
  switch (kind) {
    case 'week': {
      const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
      return between([year, month, day - weekday], [year, month, day - weekday + 7], zone);
    }
    case 'month': return between([year, month, 1], [year, month + 1, 1], zone);
    case 'year': return between([year, 1, 1], [year + 1, 1, 1], zone);
    default: return between([year, month, day], [year, month, day + 1], zone);
  }
}

function between(first, last, zone) {
  return { from: dayStart(...first, zone), to: dayStart(...last, zone) };
}

/** The period before (-1) or after (1) another of the same kind. */
export function neighbour(kind, { from, to }, direction, zone) {
  return period(kind, direction < 0 ? from - 3_600_000 : to + 3_600_000, zone);
}

/** Moments at which something new begins within a period: hours of a day, days, months. */
export function marks(kind, { from, to }, zone, stepHours = 3) {
  const found = [];
  if (kind === 'day') {
    for (let at = from; at < to; at += 3_600_000) {
      if (fields(at, zone).hour % stepHours === 0) found.push(at);
    }
    return found;
  }
  const start = fields(from, zone);
  for (let step = 0; step < 400; step++) {
    const at = kind === 'year'
      ? dayStart(start.year, start.month + step, 1, zone)
      : dayStart(start.year, start.month, start.day + step, zone);
    if (at >= to) break;
    found.push(at);
  }
  return found;
}

/** How far the clock was put back shortly before a moment that it shows a second time, ms; 0 for all others. */
function repeated(ms, zone) {
  const back = offset(ms - 10_800_000, zone) - offset(ms, zone);
  return back > 0 && offset(ms - back, zone) !== offset(ms, zone) ? back : 0;
}

/**
 * The moment of the period `shown` at which clock and calendar stand as at a moment of another period of its kind.
 *
 * Null where there is none: the 31st in a shorter month, an hour that the clock left out, or one that it showed twice.
 */
export function counterpart(kind, ms, other, shown, zone) {
  if (repeated(ms, zone)) return null;
  const [f, a, b] = [ms, other.from, shown.from].map((one) => fields(one, zone));
  const days = Math.round((Date.UTC(f.year, f.month - 1, f.day) - Date.UTC(a.year, a.month - 1, a.day)) / 86_400_000);
  const clock = [f.hour, f.minute, f.second];
  const wall = kind === 'year' ? Date.UTC(b.year, f.month - 1, f.day, ...clock) : Date.UTC(b.year, b.month - 1, b.day + days, ...clock);
  let at = wall - offset(wall, zone);
  at = wall - offset(at, zone);
  at -= repeated(at, zone);
  const g = fields(at, zone);
  const isThere = g.hour === f.hour && g.minute === f.minute && (kind !== 'year' || g.day === f.day);
  return isThere && at >= shown.from && at < shown.to ? at : null;
}
