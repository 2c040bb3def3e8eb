// Numbers and times as the reader's language writes them. Nothing known is shown as a dash, never as nought.

import { locale, read, t, write } from './words.js';
import { signal } from './store.js';

export const none = '–';

/** 'c' or 'f'. */
export const temperatureUnit = signal(read('temperature') === 'f' ? 'f' : 'c');
export function setTemperatureUnit(unit) {
  write('temperature', unit);
  temperatureUnit.set(unit);
}

const kept = new Map();
function formatter(type, options) {
  const key = type.name + locale() + JSON.stringify(options);
  if (!kept.has(key)) kept.set(key, new type(locale(), options));
  return kept.get(key);
}

const isKnown = (value) => value !== null && value !== undefined && Number.isFinite(value);

/** A number with this many digits behind the point. */
export function number(value, digits = 0) {
  if (!isKnown(value)) return none;
  const rounded = Number(value.toFixed(digits)) || 0;
  return formatter(Intl.NumberFormat, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(rounded);
}

const thin = '\u202f';

export const percent = (value, digits = 0) => (isKnown(value) ? `${number(value, digits)}${thin}%` : none);
/** Power without a sign: words say which way it goes. */
export const power = (watts) =>
  !isKnown(watts) ? none
  : Math.abs(watts) < 1000 ? `${number(Math.abs(watts))}${thin}W` : `${number(Math.abs(watts) / 1000, 1)}${thin}kW`;
export const energy = (wh) =>
  !isKnown(wh) ? none : Math.abs(wh) < 100_000 ? `${number(wh / 1000, 1)}${thin}kWh` : `${number(wh / 1000)}${thin}kWh`;
export const volts = (mv) => (isKnown(mv) ? `${number(mv / 1000, 3)}${thin}V` : none);
export const millivolts = (mv) => (isKnown(mv) ? `${number(mv)}${thin}mV` : none);
export const signed = (value, unit) =>
  isKnown(value) ? `${value > 0 ? '+' : value < 0 ? '−' : '±'}${number(Math.abs(value))}${thin}${unit}` : none;
/** A number with the name of its unit. */
export const quantity = (value, digits, name) => (isKnown(value) ? `${number(value, digits)}${thin}${name}` : none);
/** From the lowest to the highest of a few, with the unit once. */
export const range = (low, high, digits, name) =>
  !isKnown(low) || !isKnown(high) ? none
  : number(low, digits) === number(high, digits) ? quantity(low, digits, name)
  : `${number(low, digits)}–${number(high, digits)}${thin}${name}`;
export const amperes = (value) => (isKnown(value) ? `${number(value, 1)}${thin}A` : none);
export const inUnit = (celsius) => (temperatureUnit() === 'f' ? celsius * 1.8 + 32 : celsius);
export const unitName = () => (temperatureUnit() === 'f' ? '°F' : '°C');
export const temperature = (celsius, digits = 0) =>
  isKnown(celsius) ? `${number(inUnit(celsius), digits)}${thin}${unitName()}` : none;

/** Hours and minutes in a zone. */
export const clock = (ms, zone) => date(ms, zone, { hour: '2-digit', minute: '2-digit' });

/** A date by options of Intl, in the zone of a house where there is one. */
export function date(ms, zone, options) {
  if (!isKnown(ms)) return none;
  const timeZone = zone || undefined;
  try {
    return formatter(Intl.DateTimeFormat, { ...options, timeZone }).format(ms);
  } catch {
    return formatter(Intl.DateTimeFormat, options).format(ms);
  }
}

/** Clock alone for today, with the day for other days. */
export function moment(ms, zone, now = Date.now()) {
  if (!isKnown(ms)) return none;
  const day = { year: 'numeric', month: 'numeric', day: 'numeric' };
  if (date(ms, zone, day) === date(now, zone, day)) return clock(ms, zone);
  return date(ms, zone, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

/** How long ago, such as '3 seconds ago'. */
export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const relative = formatter(Intl.RelativeTimeFormat, { numeric: 'always', style: 'long' });
  if (seconds < 60) return relative.format(-seconds, 'second');
  if (seconds < 5400) return relative.format(-Math.round(seconds / 60), 'minute');
  if (seconds < 129_600) return relative.format(-Math.round(seconds / 3600), 'hour');
  return relative.format(-Math.round(seconds / 86_400), 'day');
}

/** A span of minutes, rounded as coarsely as it is known. */
export function span(low, high) {
  if (!isKnown(low) || !isKnown(high)) return none;
  if (high < 90) {
    const [a, b] = [low, high].map((one) => Math.max(5, Math.round(one / 5) * 5));
    return a === b ? t('span.minutes', { a: number(a) }) : t('span.minutes_range', { a: number(a), b: number(b) });
  }
  const [a, b] = [low, high].map((one) => Math.round(one / 30) / 2);
  const show = (value) => number(value, value % 1 ? 1 : 0);
  return a === b ? t('span.hours', { a: show(a) }) : t('span.hours_range', { a: show(a), b: show(b) });
}
