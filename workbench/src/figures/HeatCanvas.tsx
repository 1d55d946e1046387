/** A heat map on one canvas, with a cursor that the pointer and the arrow keys move. */
import { type KeyboardEvent, type MouseEvent, useEffect, useMemo, useRef, useState } from "react";
import { table } from "../colour/ramp";
import type { Domain } from "../colour/domain";
import type { Theme } from "../state/theme";
import { THEMES } from "../words.gen";
import { boxOf, cellAt, type Layout, layOut, type Place, step } from "./geometry";
import { paint, widest } from "./paint";
import { useWidth } from "./useWidth";
import type { Label } from "./words";

export interface HeatProps {
  label: string;
  values: ArrayLike<number>;
  words: readonly string[] | null;
  /** Cells that are not distinguishable from random. */
  unsure: readonly boolean[] | null;
  /** Cells with a mark in the upper right corner. */
  marked?: readonly boolean[] | null;
  columns: readonly Label[];
  rows: readonly Label[];
  columnName: string;
  rowName: string;
  domain: Domain;
  theme: Theme;
  square: boolean;
  /** The words are text, so the cells may grow wide; else they are numbers. */
  textual: boolean;
  bottomUp: boolean;
  tall: number;
  selected: Place | null;
  pins: readonly Place[];
  /** Column and row that another panel points at. */
  lit: { column: number | null; row: number | null };
  onSelect: (place: Place | null) => void;
  onPin: (place: Place) => void;
  onPoint: (place: Place | null) => void;
}

function useLayout(props: HeatProps, width: number): Layout | null {
  const { columns, rows, square, textual, bottomUp, tall } = props;
  return useMemo(() => {
    if (width === 0) return null;
    const context = measuring();
    return layOut({
      width,
      columns: columns.length,
      rows: rows.length,
      rowLabel: widest(rows, context),
      columnLabel: widest(columns, context),
      square,
      textual,
      bottomUp,
      tall,
    });
  }, [width, columns, rows, square, textual, bottomUp, tall]);
}

let scratch: CanvasRenderingContext2D | null = null;
function measuring(): CanvasRenderingContext2D | null {
  scratch ??= document.createElement("canvas").getContext("2d");
  return scratch;
}

function usePaint(props: HeatProps, layout: Layout | null) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { values, words, unsure, marked, textual, domain, theme, columns, rows } = props;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context || !layout) return;
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    canvas.current.width = Math.round(layout.width * ratio);
    canvas.current.height = Math.round(layout.height * ratio);
    const picture = {
      layout,
      values,
      words,
      unsure,
      marked,
      numeric: !textual,
      domain,
      columns,
      rows,
      lut: table(theme, domain.scale),
      ink: THEMES[theme],
    };
    paint(context, picture, ratio);
  }, [layout, values, words, unsure, marked, textual, domain, theme, columns, rows]);
  return canvas;
}

export function HeatCanvas(props: HeatProps) {
  const { label, lit, selected, pins, onSelect, onPin, onPoint, columnName, rowName } = props;
  const frame = useRef<HTMLDivElement>(null);
  const layout = useLayout(props, useWidth(frame));
  const canvas = usePaint(props, layout);
  const [cursor, setCursor] = useState<Place | null>(null);
  const { onKeyDown, ...pointer } = useControls({
    layout,
    cursor,
    setCursor,
    selected,
    onSelect,
    onPin,
    onPoint,
  });
  return (
    <div className="heat" ref={frame} style={{ minHeight: layout?.height ?? props.tall }}>
      <div
        className="heat-plot"
        role="application"
        aria-roledescription="heat map"
        aria-label={`${label}. Arrow keys move the cursor, Enter selects a cell, Shift Enter pins it, Escape lets go.`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        {...pointer}
        data-layout={layout ? JSON.stringify(layout) : undefined}
        style={{ height: layout?.height }}
      >
        <canvas ref={canvas} style={{ width: layout?.width, height: layout?.height }} aria-hidden="true" />
        {layout && <Marks {...{ layout, cursor, selected, pins, lit }} />}
        {layout && <AxisNames layout={layout} column={columnName} row={rowName} />}
      </div>
      {layout && <Crowded layout={layout} column={columnName} row={rowName} />}
    </div>
  );
}

interface ControlsProps extends Pick<HeatProps, "selected" | "onSelect" | "onPin" | "onPoint"> {
  layout: Layout | null;
  cursor: Place | null;
  setCursor: (place: Place | null) => void;
}

function useControls(props: ControlsProps) {
  const { layout, cursor, setCursor, selected, onSelect, onPin, onPoint } = props;
  const move = (place: Place | null) => {
    if (place?.column === cursor?.column && place?.row === cursor?.row) return;
    setCursor(place);
    onPoint(place);
  };
  const under = (event: MouseEvent<HTMLElement>) => {
    const frame = event.currentTarget.getBoundingClientRect();
    return layout && cellAt(layout, event.clientX - frame.left, event.clientY - frame.top);
  };
  const toggle = (place: Place | null) => {
    if (!place) return;
    onSelect(selected?.column === place.column && selected.row === place.row ? null : place);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!layout) return;
    const from = cursor ?? selected ?? { column: 0, row: 0 };
    if (event.key === "Enter" && event.shiftKey) onPin(from);
    else if (event.key === "Enter" && !event.metaKey && !event.ctrlKey) toggle(from);
    else if (event.key === "Escape") {
      onSelect(null);
      move(null);
    } else {
      const next = step(layout, from, event.key);
      if (!next) return;
      move(cursor || selected ? next : from);
    }
    event.preventDefault();
  };
  return {
    onKeyDown,
    onPointerMove: (event: MouseEvent<HTMLElement>) => move(under(event) ?? null),
    onPointerLeave: () => move(null),
    onClick: (event: MouseEvent<HTMLElement>) => toggle(under(event) ?? null),
    onBlur: () => move(null),
  };
}

interface MarksProps {
  layout: Layout;
  cursor: Place | null;
  selected: Place | null;
  pins: readonly Place[];
  lit: HeatProps["lit"];
}

function Marks({ layout, cursor, selected, pins, lit }: MarksProps) {
  const { left, top, plotWidth, plotHeight } = layout;
  const column = lit.column === null ? null : boxOf(layout, { column: lit.column, row: 0 });
  const row = lit.row === null ? null : boxOf(layout, { column: 0, row: lit.row });
  return (
    <>
      {column && (
        <i className="lit" style={{ left: column.left, width: column.width, top, height: plotHeight }} />
      )}
      {row && <i className="lit" style={{ top: row.top, height: row.height, left, width: plotWidth }} />}
      {cursor && <i className="cursor" style={grown(boxOf(layout, cursor))} />}
      {pins.map((place) => (
        <i key={`${place.row} ${place.column}`} className="pin kept" style={grown(boxOf(layout, place))} />
      ))}
      {selected && <i className="pin" style={grown(boxOf(layout, selected))} />}
    </>
  );
}

/** A box at least eight pixels wide and high about the same middle, so that a mark can be seen. */
function grown({ left, top, width, height }: { left: number; top: number; width: number; height: number }) {
  const wide = Math.max(width, 8);
  const high = Math.max(height, 8);
  return { left: left - (wide - width) / 2, top: top - (high - height) / 2, width: wide, height: high };
}

function AxisNames({ layout, column, row }: { layout: Layout; column: string; row: string }) {
  return (
    <>
      <span
        className="axis-name across"
        style={{ left: layout.left, width: Math.max(layout.plotWidth, 120) }}
      >
        {column} →
      </span>
      <span className="axis-name upward" style={{ top: layout.top, height: Math.max(layout.plotHeight, 60) }}>
        {layout.bottomUp ? `${row} →` : `← ${row}`}
      </span>
    </>
  );
}

/** Says so where several cells share a pixel. */
function Crowded({ layout, column, row }: { layout: Layout; column: string; row: string }) {
  const shared = [
    layout.cellHeight < 1 ? `${Math.ceil(1 / layout.cellHeight)} ${row}s` : "",
    layout.cellWidth < 1 ? `${Math.ceil(1 / layout.cellWidth)} ${column}s` : "",
  ].filter(Boolean);
  if (shared.length === 0) return null;
  return <p className="note muted">Each pixel shows the strongest of up to {shared.join(" by ")}.</p>;
}
