/** Words and marks that lie on the canvas: put where the scene says, without a render of React. */
import type { BrainScene } from "./BrainScene";
import { heightOf, type Layout, placeOf, spaced } from "./layout";
import { type End, endPlace } from "./links";

const LINE = 15;

/** Moves marks to their neurons and names to their layers. */
export function placeOverlay(scene: BrainScene, host: HTMLElement): void {
  const layout = scene.shape;
  if (!layout) return;
  for (const mark of host.querySelectorAll<HTMLElement>("[data-mark]")) {
    const [layer = 0, neuron = 0] = (mark.dataset.mark ?? "").split(".").map(Number);
    put(mark, scene.project(placeOf(layout, { layer, neuron })));
  }
  placeNames(scene, host, layout);
  placeEnds(scene, host, layout);
}

const APART = { x: 84, y: LINE };

/** Names the ends of links, the strongest first, where there is room. */
function placeEnds(scene: BrainScene, host: HTMLElement, layout: Layout): void {
  const taken: { x: number; y: number }[] = [];
  for (const mark of host.querySelectorAll<HTMLElement>("[data-end]")) {
    const spot = scene.project(endPlace(layout, JSON.parse(mark.dataset.end ?? "") as End));
    const free =
      spot && taken.every(({ x, y }) => Math.abs(x - spot.x) > APART.x || Math.abs(y - spot.y) > APART.y);
    if (free) taken.push(spot);
    put(mark, free ? spot : null);
  }
}

function put(element: HTMLElement, spot: { x: number; y: number } | null): void {
  element.hidden = spot === null;
  if (spot) element.style.transform = `translate(${spot.x.toFixed(1)}px, ${spot.y.toFixed(1)}px)`;
}

function placeNames(scene: BrainScene, host: HTMLElement, layout: Layout): void {
  const names = [...host.querySelectorAll<HTMLElement>("[data-name]")];
  const spots = names.map((_, layer) => leftmost(scene, layout, layer));
  const shown = spaced(
    spots.map((spot) => spot?.y ?? 0),
    LINE,
  );
  names.forEach((name, layer) => put(name, shown[layer] === null ? null : (spots[layer] ?? null)));
  const top = host.querySelector<HTMLElement>("[data-axis]");
  if (top) put(top, scene.project({ x: 0, y: layout.tall / 2 + 0.3, z: 0 }));
}

/** The corner of a layer's plate that is seen farthest to the left. */
function leftmost(scene: BrainScene, layout: Layout, layer: number) {
  const y = heightOf(layout, layer);
  const corners = [-0.5, 0.5].flatMap((x) =>
    [-0.5, 0.5].map((z) => scene.project({ x: x * layout.wide, y, z: z * layout.deep })),
  );
  return corners.reduce((best, spot) => (spot && (!best || spot.x < best.x) ? spot : best), null);
}
