// Values that tell who reads them when they change.

let reader = null;
const late = new Set();
let planned = false;

/** A value: call it to read it, `set` it to change it; `peek` reads it without being told later. */
export function signal(value) {
  const readers = new Set();
  const read = () => {
    if (reader) {
      readers.add(reader);
      reader.sources.add(readers);
    }
    return value;
  };
  read.peek = () => value;
  read.set = (next) => {
    if (Object.is(next, value)) return;
    value = next;
    for (const effect of readers) late.add(effect);
    plan();
  };
  read.update = (change) => read.set(change(value));
  return read;
}

/** Runs `body` now and after each change of what it read; the answer ends that. */
export function effect(body) {
  const self = { sources: new Set(), run, ended: false };
  function run() {
    if (self.ended) return;
    forget(self);
    const before = reader;
    reader = self;
    try {
      body();
    } finally {
      reader = before;
    }
  }
  run();
  return () => {
    self.ended = true;
    forget(self);
  };
}

/** Reads without being told of changes. */
export function untracked(body) {
  const before = reader;
  reader = null;
  try {
    return body();
  } finally {
    reader = before;
  }
}

function forget(self) {
  for (const readers of self.sources) readers.delete(self);
  self.sources.clear();
}

function plan() {
  if (planned) return;
  planned = true;
  queueMicrotask(() => {
    planned = false;
    const effects = [...late];
    late.clear();
    for (const effect of effects) {
      try {
        effect.run();
      } catch (error) {
        reportError(error);
      }
    }
  });
}

/**
 * Something that is fetched: `value`, `error` and `busy` are signals, `load()` fetches again.
 * What was there stays on the screen until the next answer; an answer that is overtaken is dropped.
 */
export function resource(fetcher) {
  const value = signal(null);
  const error = signal(null);
  const busy = signal(false);
  let turn = 0;
  async function load(...words) {
    const mine = ++turn;
    busy.set(true);
    try {
      const found = await fetcher(...words);
      if (mine !== turn) return;
      value.set(found);
      error.set(null);
    } catch (problem) {
      if (mine === turn) error.set(problem);
    } finally {
      if (mine === turn) busy.set(false);
    }
  }
  return { value, error, busy, load };
}
