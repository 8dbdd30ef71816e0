import { formatFigure, formatTable } from '../format.js';
import { metrics } from '../metrics/index.js';
import { worlds } from '../worlds.js';

/** One row per setting, one column per metric, each with what it is of the first row, which is Pawl as delivered. */
export function settingsTable({ worldNames, rows }) {
  const metricNames = Object.keys(rows);
  const lines = worldNames.map((worldName, at) => [
    worlds[worldName].title,
    ...metricNames.map((name) => {
      const { [worldName]: figure, [worldNames[0]]: delivered } = rows[name].results;
      const ratio = at > 0 && figure && delivered ? ` = ${(figure.value / delivered.value).toFixed(2)}×` : '';
      return `${formatFigure(figure, metrics[name])}${ratio}`;
    }),
  ]);
  return [formatTable(['', ...metricNames.map((name) => metrics[name].title)], lines)];
}
