// @vitest-environment jsdom
import "./setup";
import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { fieldsOf } from "../src/form/schema";
import { SchemaForm } from "../src/form/SchemaForm";
import { HeatCanvas } from "../src/figures/HeatCanvas";
import { niceTicks, stretches } from "../src/figures/Profile";
import { Ranking } from "../src/figures/Ranking";

const parameters = {
  properties: {
    top_k: {
      type: "integer",
      minimum: 1,
      maximum: 100,
      default: 5,
      description: "How many of the best to keep.",
    },
    metric: { enum: ["logit_difference", "log_probability"], default: "logit_difference" },
    target: { type: "string", default: "" },
  },
};

function Form({
  given = {},
  onChange = () => {},
}: {
  given?: Record<string, unknown>;
  onChange?: (given: unknown) => void;
}) {
  return (
    <MantineProvider>
      <SchemaForm fields={fieldsOf(parameters)} given={given} onChange={onChange} />
    </MantineProvider>
  );
}

describe("the form", () => {
  it("shows each parameter with its help and default", () => {
    render(<Form />);
    expect(screen.getByRole("textbox", { name: "Top k" })).toHaveProperty("value", "5");
    expect(screen.getByText("How many of the best to keep.")).toBeTruthy();
    expect(screen.getByRole("slider", { name: "top k, slider" })).toHaveProperty("max", "100");
    expect(screen.getByDisplayValue("logit difference")).toBeTruthy();
  });

  it("hands on what was typed", async () => {
    const onChange = vi.fn();
    render(<Form onChange={onChange} />);
    await userEvent.type(screen.getByRole("textbox", { name: "Target" }), "M");
    expect(onChange).toHaveBeenCalledWith({ target: "M" });
    fireEvent.change(screen.getByRole("slider", { name: "top k, slider" }), { target: { value: "9" } });
    expect(onChange).toHaveBeenCalledWith({ top_k: 9 });
  });

  it("says why a value is not allowed beside its field", () => {
    render(<Form given={{ top_k: 0 }} />);
    expect(screen.getByText("top k must be at least 1.")).toBeTruthy();
  });
});

describe("a ranking", () => {
  it("lists entries with their exact values and a bar as long as its share", () => {
    const columns = [
      { name: "candidate", title: "token", values: [" Mary", " the"], tokens: true },
      { name: "probability", title: "probability", values: [0.5, 0.125] },
    ];
    const { container } = render(
      <Ranking label="Next tokens" axis="rank" entries={["1", "2"]} columns={columns} bars="probability" />,
    );
    const table = screen.getByRole("table", { name: "Next tokens" });
    expect(within(table).getByText("·Mary")).toBeTruthy();
    const values = [...container.querySelectorAll("[data-variable=probability]")].map((cell) =>
      cell.getAttribute("data-value"),
    );
    expect(values).toEqual(["0.5", "0.125"]);
    const widths = [...container.querySelectorAll<HTMLElement>(".bar")].map(({ style }) => style.width);
    expect(widths).toEqual(["100%", "25%"]);
  });
});

function labels(count: number) {
  return Array.from({ length: count }, (_, index) => ({ text: String(index), token: false }));
}

describe("a heat map", () => {
  it("moves its cursor with the arrow keys and pins with Enter", () => {
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(600);
    const [onPin, onSelect, onPoint] = [vi.fn(), vi.fn(), vi.fn()];
    render(
      <HeatCanvas
        label="probability"
        values={[0, 1, 2, 3, 4, 5]}
        words={null}
        unsure={null}
        columns={labels(3)}
        rows={labels(2)}
        columnName="position"
        rowName="depth"
        domain={{ low: 0, high: 5, scale: "magnitude", clipped: 0 }}
        theme="light"
        square={false}
        textual={false}
        bottomUp
        tall={200}
        selected={null}
        pins={[{ column: 2, row: 0 }]}
        lit={{ column: null, row: null }}
        onSelect={onSelect}
        onPin={onPin}
        onPoint={onPoint}
      />,
    );
    const plot = screen.getByRole("application");
    fireEvent.keyDown(plot, { key: "ArrowRight" });
    fireEvent.keyDown(plot, { key: "ArrowRight" });
    fireEvent.keyDown(plot, { key: "ArrowUp" });
    expect(onPoint).toHaveBeenLastCalledWith({ column: 1, row: 1 });
    fireEvent.keyDown(plot, { key: "Enter" });
    expect(onSelect).toHaveBeenCalledWith({ column: 1, row: 1 });
    fireEvent.keyDown(plot, { key: "Enter", shiftKey: true });
    expect(onPin).toHaveBeenCalledWith({ column: 1, row: 1 });
  });
});

describe("an interval", () => {
  it("stands beside its value, and as a whisker where both ends are known", () => {
    const columns = [
      { name: "accuracy", title: "accuracy", values: [0.5, 0.25] },
      { name: "n", title: "prompts", values: [4, 8] },
    ];
    const interval = { low: [0.2, Number.NaN], high: [0.8, Number.NaN] };
    const { container } = render(
      <Ranking
        label="Accuracy"
        axis="item"
        entries={["all", "plain"]}
        columns={columns}
        bars="accuracy"
        interval={interval}
      />,
    );
    expect(screen.getByText("0.2 … 0.8")).toBeTruthy();
    const whiskers = [...container.querySelectorAll<HTMLElement>(".whisker")];
    expect(whiskers.map(({ style }) => [style.left, style.width])).toEqual([["25%", "75%"]]);
  });

  it("is not drawn across places where nothing is known", () => {
    const low = [Number.NaN, 1, 2, Number.NaN, 4];
    expect(stretches({ low, high: low }, 5)).toEqual([[1, 2], [4]]);
  });
});

describe("ticks", () => {
  it("are few, round and span the values", () => {
    expect(niceTicks(-1.2, 1.3)).toEqual([-2, -1, 0, 1, 2]);
    expect(niceTicks(0, 0.37)).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
    expect(niceTicks(5, 5).length).toBeGreaterThan(1);
  });
});
