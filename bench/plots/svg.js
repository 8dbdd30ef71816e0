/** Colours that are told apart on white and on black, and by most who see colours differently; ours is always the first. */
const colours = ['#2f81f7', '#d29922', '#8b949e', '#bf4b8a', '#2da44e', '#e5534b'];

const style = `
    text { font: 12px system-ui, sans-serif; fill: #1f2328; }
    .title { font-size: 15px; font-weight: 600; }
    .soft { fill: #59636e; }
    .grid { stroke: #d1d9e0; stroke-width: 1; }
    .spread { stroke: #1f2328; stroke-width: 1.5; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      .soft { fill: #9198a1; }
      .grid { stroke: #3d444d; }
      .spread { stroke: #f0f6fc; }
    }`;

/** An SVG file of its own: it says in words what it shows, and follows the reader's colour scheme. */
export function drawing({ width, height, title, description, marks }) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">
  <title id="title">${escape(title)}</title>
  <desc id="desc">${escape(description)}</desc>
  <style>${style}
  </style>
  <text class="title" x="0" y="16">${escape(title)}</text>
${marks.map((mark) => `  ${mark}`).join('\n')}
</svg>
`;
}

export function colour(index) {
  return colours[index % colours.length];
}

/** An element; numbers are rounded, so that the same figures are the same file everywhere. */
export function element(name, attributes, text) {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const written = given.map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escape(value)}"`).join('');
  return text === undefined ? `<${name}${written}/>` : `<${name}${written}>${escape(text)}</${name}>`;
}

/** A value as a label: two or three digits that count. */
export function label(value) {
  const digits = value >= 10 || value === 0 ? 0 : value >= 1 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

/** Round numbers from 0 to at least `most`, about five of them. */
export function ticks(most) {
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((candidate) => candidate >= rough);
  return Array.from({ length: Math.ceil(round(most / step)) + 1 }, (_, index) => index * step);
}

/** The powers of ten around these values. */
export function powersOfTen(least, most) {
  const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  return Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
}

function round(value) {
  return Math.round(value * 100) / 100;
}

function escape(text) {
  return String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
