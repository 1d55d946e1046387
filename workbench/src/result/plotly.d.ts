/** The little of plotly that is used here; its package brings no types. */
declare module "plotly.js-cartesian-dist-min" {
  interface Figure {
    data: unknown[];
    layout: Record<string, unknown>;
  }
  const plotly: {
    react: (
      place: HTMLElement,
      data: Figure["data"],
      layout: Figure["layout"],
      how: object,
    ) => Promise<unknown>;
    purge: (place: HTMLElement) => void;
  };
  export default plotly;
}
