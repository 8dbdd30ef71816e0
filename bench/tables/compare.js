import { formatFigure, formatTable } from '../format.js';
import { metrics, metricsOf } from '../metrics/index.js';
import { describeDetails } from '../notes.js';
import { stores } from '../stores.js';
import { judge } from '../verdict.js';
import { worlds } from '../worlds.js';

/** One row per metric, one column per World, and what was wanted beside what was got. */
export function compareTable({ sectionName, own, worldNames, rows }) {
  const judged = Object.keys(rows).some((name) => wantsOf(name, sectionName).length > 0);
  const titles = ['', ...worldNames.map((name) => worlds[name].title), ...(judged ? ['wanted', 'got'] : [])];
  const lines = Object.entries(rows).map(([metricName, { results }]) => {
    const metric = metrics[metricName];
    const wants = wantsOf(metricName, sectionName);
    const cells = worldNames.map((name) => formatFigure(results[name], metric));
    const verdicts = [wants.map(({ text }) => text).join('; ') || '–', formatVerdicts(judge(wants, results, own))];
    return [metric.title, ...cells, ...(judged ? verdicts : [])];
  });
  const results = Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, row.results]));
  const absences = [...tellAbsences(results, worldNames), ...tellNeverMeasured(sectionName, rows)];
  return [formatTable(titles, lines), ...paragraph(describeDetails(results)), ...paragraph(absences)];
}

/** A wish without a figure is not to be overlooked. */
function tellNeverMeasured(sectionName, rows) {
  const missing = metricsOf(sectionName, stores[sectionName]).filter((name) => !rows[name]);
  const told = missing.map((name) => {
    const wanted = wantsOf(name, sectionName).map(({ text }) => `, wanted ${text}`);
    return `“${metrics[name].title}” (\`${name}\`${wanted.join('')})`;
  });
  return told.length > 0 ? [`Not measured yet: ${told.join('; ')}.`] : [];
}

function wantsOf(metricName, sectionName) {
  return metrics[metricName].wants[sectionName] ?? [];
}

function paragraph(lines) {
  return lines.length > 0 ? ['', ...lines] : [];
}

/** Why a cell is empty: what a World could not do is told once, what it was not asked for metric by metric. */
function tellAbsences(results, worldNames) {
  const reasons = Object.entries(results).flatMap(([metricName, figures]) =>
    worldNames.flatMap((name) => {
      const { skip, title } = metrics[metricName];
      const unable = figures[name]?.reason;
      if (unable) return [`${worlds[name].title} was not measured: ${unable}.`];
      return !figures[name] && skip?.[name] ? [`“${title}” was not measured for ${worlds[name].title}: ${skip[name]}.`] : [];
    }),
  );
  return [...new Set(reasons)];
}

function formatVerdicts(verdicts) {
  const texts = verdicts.map(({ met, ratio }) => {
    if (met === undefined) return '–';
    return `${ratio === undefined ? '' : `${ratio.toFixed(2)}× `}${met ? 'yes' : '**no**'}`;
  });
  return texts.join('; ') || '–';
}
