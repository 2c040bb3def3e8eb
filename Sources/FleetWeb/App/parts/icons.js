// Line icons on a grid of 24, drawn in the colour of the text beside them.

import { h } from '../core/dom.js';

const paths = {
  home: 'M4 11l8-7 8 7M6 9.5V20h4.5v-5h3v5H18V9.5',
  history: 'M4 19h16M6.5 15.5v-3M11 15.5V6M15.5 15.5v-7M20 15.5V11',
  battery: 'M4 8h14a1.5 1.5 0 011.5 1.5v5A1.5 1.5 0 0118 16H4a1.5 1.5 0 01-1.5-1.5v-5A1.5 1.5 0 014 8zM22 11v2M6 11v2M9.5 11v2M13 11v2',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  bell: 'M6 16.5V11a6 6 0 0112 0v5.5l1.5 1.5h-15zM10 20.5a2 2 0 004 0',
  fleet: 'M4 20V9l5-4v15M9 20h11V11h-8M15 14.5h2M15 17.5h2M6 12h.01M6 15.5h.01',
  causes: 'M12 4l9 15.5H3zM12 10v4.5M12 17h.01',
  rollout: 'M12 20V6M6.5 11L12 5.5 17.5 11M5 20h14',
  audit: 'M6 3.5h9L19 8v12.5H6zM9.5 12h6M9.5 15.5h6M9.5 8.5H12',
  users: 'M9 11a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM2.5 20c.4-3.7 3-6 6.500-6s6.100 2.300 6.500 6M16 4.500a3.500 3.500 0 010 6.300M17.500 14.300c2.300.700 3.700 2.800 4 5.700',
  diagnose: 'M3 12h4l2.500-6 4 12 2.500-6h5',
  heat: 'M4 4h4v4H4zM10 4h4v4h-4zM16 4h4v4h-4zM4 10h4v4H4zM10 10h4v4h-4zM16 10h4v4h-4zM4 16h4v4H4zM10 16h4v4h-4zM16 16h4v4h-4z',
  report: 'M6 3.500h8.500L19 8v12.500H6zM14 3.500V8.500h5M9.500 15l2 2 4-4',
  ok: 'M5 12.500l4.500 4.500L19 7.500',
  info: 'M12 21a9 9 0 100-18 9 9 0 000 18zM12 11v5M12 8h.01',
  warning: 'M12 4l9 15.500H3zM12 10v4.500M12 17h.01',
  danger: 'M8.300 3.500h7.400l5 5.200v6.600l-5 5.200H8.300l-5-5.200V8.700zM12 8v5M12 16h.01',
  clock: 'M12 21a9 9 0 100-18 9 9 0 000 18zM12 7v5l3.500 2',
  offline: 'M4 4l16 16M8.500 8.800A9.500 9.500 0 003 11.500M12 7.500a12.500 12.500 0 019 4M6.500 15a8 8 0 013.200-1.900M13.500 13a8 8 0 014 2M12 19h.01',
  up: 'M12 19V5M6 11l6-6 6 6',
  down: 'M12 5v14M6 13l6 6 6-6',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
  table: 'M4 5h16v14H4zM4 10h16M4 14.500h16M10 5v14',
  download: 'M12 4v11M7 10.500l5 5 5-5M5 19.500h14',
  bolt: 'M13 3L5.500 13.500H11L10 21l8-11h-6z',
  pause: 'M9 6v12M15 6v12',
  search: 'M10.500 17a6.500 6.500 0 100-13 6.500 6.500 0 000 13zM15.500 15.500L20.500 20.500',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6L6 18',
  thermometer: 'M10 13.500V5.500a2 2 0 014 0v8a4 4 0 11-4 0z',
  out: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9.500',
};

/** An icon beside words that say the same; `label` only where there are none. */
export function icon(name, { label, size = 24, ...props } = {}) {
  return h('svg', {
    viewBox: '0 0 24 24', width: size, height: size, class: `icon ${props.class ?? ''}`,
    'aria-hidden': label ? null : 'true', role: label ? 'img' : null, 'aria-label': label, focusable: 'false',
  }, h('path', { d: paths[name] ?? paths.info }));
}
