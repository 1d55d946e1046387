// @vitest-environment jsdom
import "../setup";
import { fireEvent, render, screen, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { BrainView } from "../../src/brain/BrainView";
import type { Feed, Snapshot } from "../../src/brain/feed";
import type { Activity } from "../../src/brain/scene/statistics";
import { NO_WEBGL } from "../../src/brain/useScene";
import { linkageOf, linkQuestion } from "../../src/brain/useLinkage";
import { PLAIN_LOOK } from "../../src/brain/view";
import { halfOf } from "../../src/live/activity";
import { useSelection } from "../../src/state/selection";

const activity: Activity = {
  n_layers: 2,
  n_neurons: 3,
  detail: "f16",
  data: Uint16Array.from([0.5, -2, 0, 1, -0.25, 4], halfOf),
};

function fed() {
  const now: Snapshot = {
    activity,
    attention: null,
    tokens: [
      { position: 0, text: "Once", generated: false },
      { position: 1, text: " upon", generated: true },
    ],
    cursor: 1,
    phase: "ended",
    trouble: null,
  };
  const acts = { look: vi.fn(), start: vi.fn(), toggle: vi.fn() };
  const feed: Feed = { now: () => now, subscribe: () => () => {}, at: () => activity, ...acts };
  const onLook = vi.fn();
  render(<BrainView feed={feed} look={PLAIN_LOOK} onLook={onLook} linkage={null} tall={300} />);
  return { acts, onLook };
}

describe("the view", () => {
  it("falls back to the flat view where there is no WebGL, and says so", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    fed();
    expect(await screen.findByText(NO_WEBGL, {}, { timeout: 20_000 })).toBeTruthy();
  });

  it("has a table of the strongest neurons of each layer, the last layer first", () => {
    fed();
    const rows = within(screen.getByRole("table")).getAllByRole("row").slice(1);
    expect(rows.map((row) => row.textContent)).toEqual(["11.752: 40: 11: −0.25", "00.8331: −20: 0.52: 0"]);
  });

  it("tells which token was chosen, and whose neurons are shown", () => {
    const { acts } = fed();
    const row = screen.getByRole("listbox");
    fireEvent.click(within(row).getByText("Once"));
    expect(acts.look).toHaveBeenLastCalledWith(0);
    fireEvent.keyDown(row, { key: "ArrowLeft" });
    expect(acts.look).toHaveBeenLastCalledWith(0);
  });

  it("says each neuron that the keys come to, selects it, and hands on what else was pressed", () => {
    const { acts, onLook } = fed();
    const stage = screen.getByRole("application");
    fireEvent.keyDown(stage, { key: "n" });
    expect(screen.getByText("mlp_act.1.2: 4")).toBeTruthy();
    fireEvent.keyDown(stage, { key: "ArrowDown" });
    expect(screen.getByText("mlp_act.0.2: 0")).toBeTruthy();
    fireEvent.keyDown(stage, { key: "p" });
    expect(useSelection.getState().pins).toEqual([{ layer: 0, neuron: 2 }]);
    fireEvent.keyDown(stage, { key: " " });
    expect(acts.toggle).toHaveBeenCalledOnce();
    fireEvent.keyDown(stage, { key: "f" });
    expect(onLook).toHaveBeenCalledWith({ flat: true });
  });
});

describe("the links of an answer", () => {
  const told = {
    axes: ["item", "other"],
    coords: { item: ["0.5", "1.7"], other: ["0.5", "1.7"] },
    shape: [2, 2],
    values: [
      [null, 2],
      [null, null],
    ],
    variable: "composition",
  };

  it("leave out what is not told from chance", () => {
    expect(linkageOf("neurons", told, [1, 0.01, 1, 1])?.links.map(({ strength }) => strength)).toEqual([2]);
    expect(linkageOf("neurons", told, [1, 0.2, 1, 1])?.links).toEqual([]);
  });

  it("are asked about the model, the pinned neurons and the interventions of the page", () => {
    const query = { model: "builtin:scribe", do: "mlp_act.3.17 zero" };
    expect(linkQuestion("neurons", query, ["0.5", "1.7"])).toEqual({
      analysis: "neuron_interactions",
      arguments: { model: "builtin:scribe", neurons: "0.5, 1.7", do: ["mlp_act.3.17 zero"] },
    });
    expect(linkQuestion("attention", query, [])).toBeNull();
    expect(linkQuestion("heads", {}, [])).toBeNull();
  });
});
