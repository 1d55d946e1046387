/** A slider for every axis that the view does not use. */
import { useEffect, useRef, useState } from "react";
import type { Result, Selection } from "../api/shapes";
import { axisLabels, axisMeaning, inWords } from "../figures/words";
import { PauseIcon, PlayIcon } from "../shell/icons";

interface SlidersProps {
  result: Result;
  axes: readonly string[];
  at: Selection;
  onMove: (axis: string, index: number) => void;
}

export function AxisSliders({ result, axes, at, onMove }: SlidersProps) {
  const moving = axes.filter((axis) => (result.dims[axis] ?? 1) > 1);
  if (moving.length === 0) return null;
  return (
    // A form of its own, since choices of one name in another panel would be one group with these.
    <form className="sliders" onSubmit={(event) => event.preventDefault()}>
      {moving.map((axis) => (
        <AxisSlider
          key={axis}
          result={result}
          axis={axis}
          index={at[axis] ?? 0}
          onMove={(to) => onMove(axis, to)}
        />
      ))}
    </form>
  );
}

interface SliderProps {
  result: Result;
  axis: string;
  index: number;
  onMove: (index: number) => void;
}

const FEW = 4;

function AxisSlider({ result, axis, index, onMove }: SliderProps) {
  const labels = axisLabels(result, axis);
  const word = inWords(axis);
  const label = labels[index]?.text ?? String(index);
  const named = labels.length <= FEW && labels.some(({ text }) => Number.isNaN(Number(text)));
  const { playing, toggle } = usePlay(index, labels.length, onMove);
  if (named)
    return (
      <fieldset className="choices">
        <legend title={axisMeaning(axis)}>{word}</legend>
        {labels.map(({ text }, place) => (
          <label key={text}>
            <input
              type="radio"
              name={`slider-${axis}`}
              checked={place === index}
              onChange={() => onMove(place)}
            />
            <span>{text}</span>
          </label>
        ))}
      </fieldset>
    );
  return (
    <div className="slider">
      <label title={axisMeaning(axis)}>
        <span className="slider-word">{word}</span>
        <input
          type="range"
          className="range"
          min={0}
          max={labels.length - 1}
          value={index}
          aria-valuetext={`${word} ${label}`}
          onChange={(event) => onMove(Number(event.currentTarget.value))}
        />
        <output className="slider-value">{label}</output>
      </label>
      <button
        type="button"
        className="quiet"
        onClick={toggle}
        aria-label={playing ? `Pause ${word}` : `Play ${word}`}
      >
        {playing ? <PauseIcon /> : <PlayIcon />}
      </button>
    </div>
  );
}

const BEAT = 500;

function usePlay(index: number, size: number, onMove: (index: number) => void) {
  const [playing, setPlaying] = useState(false);
  const move = useRef(onMove);
  useEffect(() => {
    move.current = onMove;
  });
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setTimeout(() => move.current((index + 1) % size), BEAT);
    return () => clearTimeout(timer);
  }, [playing, index, size]);
  return { playing, toggle: () => setPlaying((before) => !before) };
}
