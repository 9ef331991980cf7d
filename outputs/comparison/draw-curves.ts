import { drawLines, type LineChart } from '../draw-lines';
import type { CurveFamily, RunComparison } from './comparison';

/** Colours that stay apart for most eyes (Okabe and Ito 2008, the yellow left out). */
const colours = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#e69f00',
  '#444444',
] as const;

export const colourOf = (index: number): string => colours[index % colours.length]!;

/** The learning curves of a family, a line a group; beyond the colours there are, dashed. */
export function describeCurves({ title, unit, groups }: CurveFamily): LineChart {
  const most = Math.max(...groups.flatMap(({ points }) => points.map(({ steps }) => steps)));
  const [scale, name] =
    most >= 1e6 ? [1e6, ', millions'] : most >= 1e4 ? [1e3, ', thousands'] : [1, ''];
  return {
    title,
    xLabel: `environment steps${name}`,
    yLabel: unit,
    lines: groups
      .map(({ label, points }, index) => ({
        label,
        colour: colourOf(index),
        isDashed: index >= colours.length,
        points: points.map(({ steps, value }) => ({ x: steps / scale, y: value.value })),
        band: points.flatMap(({ steps, value: { ci95 } }) =>
          ci95 ? [{ x: steps / scale, low: ci95[0], high: ci95[1] }] : [],
        ),
      }))
      .filter(({ points }) => points.length > 0),
  };
}

/** The learning curves side by side as an SVG file of its own: in validation, and while training. */
export const drawCurves = ({ curves }: RunComparison): string =>
  drawLines(...curves.slice(0, 2).map(describeCurves));
