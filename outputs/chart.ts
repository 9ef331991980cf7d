import { type EChartsOption, init } from 'echarts';

/** What a picture shows, in the terms of Apache ECharts. */
export type Chart = EChartsOption;

export interface ChartSize {
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
}

/** A chart as an SVG file of its own, on a white background. */
export function drawChart(chart: Chart, { width = 820, height = 480 }: ChartSize = {}): string {
  const canvas = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    canvas.setOption({ backgroundColor: '#ffffff', animation: false, ...chart });
    return canvas.renderToSVGString();
  } finally {
    canvas.dispose();
  }
}
