// @vitest-environment jsdom
import "./setup";
import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { factsInWords } from "../src/admin/Audit";
import { asRule } from "../src/admin/RuleForm";
import { drawn, Sparkline } from "../src/admin/Sparkline";
import { Sure } from "../src/admin/Sure";

describe("a rule", () => {
  it("is sent with numbers as numbers, and without what is empty or of another metric", () => {
    const draft = {
      name: "a",
      metric: "memory",
      threshold: "0.9",
      clear: "",
      for_seconds: "30",
      model: "builtin:scribe",
      severity: "warning",
    };
    expect(asRule(draft, [])).toEqual({
      name: "a",
      metric: "memory",
      threshold: 0.9,
      for_seconds: 30,
      severity: "warning",
    });
    expect(asRule(draft, ["model"])).toMatchObject({ model: "builtin:scribe" });
  });
});

describe("a sparkline", () => {
  it("stays inside its frame and shows the threshold only where values come near it", () => {
    const far = drawn([1, 2, 3], 100);
    const near = drawn([1, 2, 3], 4);
    expect(far.line).toBeNull();
    expect(near.line).not.toBeNull();
    for (const { points } of [far, near])
      for (const point of points.split(" ")) {
        const [x = 0, y = 0] = point.split(",").map(Number);
        expect(x >= 0 && x <= 120 && y >= 0 && y <= 24).toBe(true);
      }
    expect(drawn([5, 5], 100).points).toBe("2,12.0 118,12.0");
  });

  it("draws nothing from a single reading", () => {
    render(<Sparkline readings={[{ time: "", value: 1 }]} threshold={1} label="of a" />);
    expect(screen.getByText("too few readings")).toBeTruthy();
  });
});

describe("a row of the record", () => {
  it("says method and path first and leaves out what is empty", () => {
    expect(factsInWords({ status: 403, method: "GET", path: "/api/v1/jobs", unwritten: null })).toBe(
      "GET /api/v1/jobs status=403",
    );
  });
});

describe("what cannot be undone", () => {
  it("is asked once more and can be left", () => {
    const done = vi.fn();
    render(
      <MantineProvider>
        <Sure verb="Revoke" what="ada" onSure={done} />
      </MantineProvider>,
    );
    fireEvent.click(screen.getByRole("button", { name: "Revoke ada" }));
    fireEvent.click(screen.getByRole("button", { name: "Keep" }));
    expect(done).not.toHaveBeenCalled();
    fireEvent.click(screen.getByRole("button", { name: "Revoke ada" }));
    fireEvent.click(screen.getByRole("button", { name: "Yes, revoke ada" }));
    expect(done).toHaveBeenCalledOnce();
  });
});
