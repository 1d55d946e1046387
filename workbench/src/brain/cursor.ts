/** The keyboard's way through the neurons: along a row, from row to row, from layer to layer. */
import type { Layout } from "./scene/layout";
import type { Unit } from "./scene/statistics";

/** The neuron that an arrow key leads to, or null for other keys. */
export function stepUnit(layout: Layout, from: Unit, key: string): Unit | null {
  const width = layout.widths?.[from.layer] ?? layout.n_neurons;
  const layerBy = (by: number) => {
    const layer = Math.min(Math.max(from.layer + by, 0), layout.n_layers - 1);
    return { layer, neuron: within(from.neuron, layout.widths?.[layer] ?? layout.n_neurons) };
  };
  const neuronBy = (by: number) => ({ layer: from.layer, neuron: within(from.neuron + by, width) });
  switch (key) {
    case "ArrowRight":
      return neuronBy(1);
    case "ArrowLeft":
      return neuronBy(-1);
    case "ArrowUp":
      return layerBy(1);
    case "ArrowDown":
      return layerBy(-1);
    case "PageUp":
      return neuronBy(-layout.columns);
    case "PageDown":
      return neuronBy(layout.columns);
    case "Home":
      return neuronBy(-width);
    case "End":
      return neuronBy(width);
    default:
      return null;
  }
}

/** The next of some neurons after one, from the first again at the end. */
export function nextOf(units: readonly Unit[], from: Unit | null): Unit | null {
  const at = units.findIndex(({ layer, neuron }) => layer === from?.layer && neuron === from.neuron);
  return units[(at + 1) % units.length] ?? null;
}

function within(neuron: number, limit: number): number {
  return Math.min(Math.max(neuron, 0), limit - 1);
}
