// A view is a function that gives a tree of plain objects; `patch` makes the page look like it and keeps what is
// the same, so that focus, scrolling and transitions survive a new measurement each second.

const svgNames = 'http://www.w3.org/2000/svg';

/**
 * A node: `h('p', { class: 'x', onclick: f, key: 1 }, 'text', child, …)`. Null, false and true show nothing.
 * `style` is an object; `ref` is called with the element when it is made. A function as tag is a component.
 */
export function h(tag, props, ...children) {
  if (typeof tag === 'function') return tag(props ?? {}, flat(children));
  return { tag, props: props ?? {}, children: flat(children), key: props?.key };
}

function flat(children, into = []) {
  for (const child of children) {
    if (Array.isArray(child)) flat(child, into);
    else if (child === null || child === undefined || child === true || child === false) continue;
    else into.push(typeof child === 'object' ? child : String(child));
  }
  return into;
}

/** Makes the children of `element` look like `nodes`. */
export function patch(element, ...nodes) {
  children(element, flat(nodes));
}

function children(element, wanted) {
  const old = [...element.childNodes];
  const keyed = new Map();
  for (const node of old) if (node.amphora?.key !== undefined) keyed.set(node.amphora.key, node);
  let place = 0;
  const used = new Set();
  const loose = old.filter((node) => node.amphora?.key === undefined);
  let nextLoose = 0;
  for (const node of wanted) {
    let match = null;
    if (typeof node === 'object' && node.key !== undefined) {
      match = keyed.get(node.key) ?? null;
    } else {
      while (nextLoose < loose.length && used.has(loose[nextLoose])) nextLoose++;
      match = loose[nextLoose] ?? null;
      if (match && same(match, node)) nextLoose++;
      else if (match) {
        // something was put in or taken out: look a little ahead
        const found = loose.findIndex((one, index) => index > nextLoose && index < nextLoose + 6 && same(one, node));
        if (found >= 0) {
          match = loose[found];
          nextLoose = found + 1;
        } else match = null;
      }
    }
    if (match && !same(match, node)) match = null;
    const current = match ?? make(node, element);
    used.add(current);
    if (match) update(match, node);
    const there = element.childNodes[place];
    if (there !== current) element.insertBefore(current, there ?? null);
    place++;
  }
  for (const node of old) if (!used.has(node) && node.parentNode === element) node.remove();
}

function same(dom, node) {
  if (typeof node === 'string') return dom.nodeType === 3;
  return dom.amphora?.tag === node.tag && dom.amphora?.key === node.key;
}

function make(node, parent) {
  if (typeof node === 'string') return document.createTextNode(node);
  const isSVG = node.tag === 'svg' || (parent.namespaceURI === svgNames && parent.localName !== 'foreignObject');
  const dom = isSVG ? document.createElementNS(svgNames, node.tag) : document.createElement(node.tag);
  dom.amphora = { tag: node.tag, key: node.key, props: {}, handlers: {} };
  update(dom, node);
  node.props.ref?.(dom);
  return dom;
}

function update(dom, node) {
  if (typeof node === 'string') {
    if (dom.data !== node) dom.data = node;
    return;
  }
  const { props: before, handlers } = dom.amphora;
  for (const name in before) if (!(name in node.props)) set(dom, name, null, before[name], handlers);
  for (const name in node.props) set(dom, name, node.props[name], before[name], handlers);
  dom.amphora.props = node.props;
  children(dom, node.children);
  // a select shows what it is told only once its options are there
  if (node.tag === 'select' && 'value' in node.props && dom.value !== node.props.value) dom.value = node.props.value;
}

function set(dom, name, value, before, handlers) {
  if (name === 'key' || name === 'ref') return;
  if (name.startsWith('on')) {
    if (!(name in handlers)) dom.addEventListener(name.slice(2), (event) => handlers[name]?.(event));
    handlers[name] = value;
  } else if (name === 'style') {
    for (const one in before ?? {}) if (!(one in (value ?? {}))) dom.style.removeProperty(one);
    for (const one in value ?? {}) dom.style.setProperty(one, value[one]);
  } else if (name === 'value' || name === 'checked' || name === 'open' || name === 'disabled') {
    if (name === 'value' && document.activeElement === dom && value === before) return;
    const wanted = value ?? (name === 'value' ? '' : false);
    if (dom[name] !== wanted) dom[name] = wanted;
  } else if (value === before) {
    return;
  } else if (value === null || value === undefined || value === false) {
    dom.removeAttribute(name);
  } else {
    dom.setAttribute(name, value === true ? '' : value);
  }
}
