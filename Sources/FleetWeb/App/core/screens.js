// Every screen of the app. `view` names a module in views/ whose default is `(params) => render`.
// `open` needs no session; `roles` are those that see it, all when it is absent.

const professionals = ['installer', 'operator', 'admin'];
const operators = ['operator', 'admin'];

export const screens = [
  { path: '/', name: 'home', view: 'home' },
  { path: '/g/{id}', name: 'home', view: 'home' },
  { path: '/g/{id}/history', name: 'history', view: 'history' },
  { path: '/g/{id}/battery', name: 'battery', view: 'battery' },
  { path: '/g/{id}/battery/{pack}', name: 'pack', view: 'pack' },
  { path: '/alarms', name: 'alarms', view: 'alarms' },
  { path: '/more', name: 'more', view: 'more' },
  { path: '/sign-in', name: 'sign_in', view: 'sign-in', open: true },
  { path: '/first-use', name: 'first_use', view: 'first-use', open: true },
  { path: '/claim', name: 'claim', view: 'claim' },
  { path: '/guest', name: 'guest', view: 'guest' },
  { path: '/g/{id}/guests', name: 'guests', view: 'guests' },
  { path: '/data', name: 'data', view: 'data' },
  { path: '/g/{id}/diagnose', name: 'diagnose', view: 'diagnose', roles: professionals },
  { path: '/g/{id}/heat', name: 'heat', view: 'heat', roles: professionals },
  { path: '/g/{id}/report', name: 'report', view: 'report', roles: professionals },
  { path: '/fleet', name: 'fleet', view: 'fleet', roles: professionals },
  { path: '/causes', name: 'causes', view: 'causes', roles: operators },
  { path: '/rollouts', name: 'rollouts', view: 'rollouts', roles: operators },
  { path: '/rollouts/{rollout}', name: 'rollout', view: 'rollout', roles: operators },
  { path: '/roll-out', name: 'roll_out', view: 'roll-out', roles: operators },
  { path: '/gateway/{id}', name: 'gateway', view: 'gateway', roles: professionals },
  { path: '/audit', name: 'audit', view: 'audit', roles: operators },
  { path: '/users', name: 'users', view: 'users', roles: ['admin'] },
];
