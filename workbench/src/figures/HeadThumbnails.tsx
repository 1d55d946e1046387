/** Every head of a layer at a glance, one small matrix each; a click or the arrow keys choose one. */
import { type KeyboardEvent, useEffect, useRef } from "react";
import { shade, table } from "../colour/ramp";
import { type Domain, shareOf } from "../colour/domain";
import type { Theme } from "../state/theme";

interface ThumbnailsProps {
  /** Word of the axis, such as head. */
  axis: string;
  /** Values by head, query, key. */
  values: Float64Array;
  count: number;
  side: number;
  domain: Domain;
  theme: Theme;
  chosen: number;
  onChoose: (index: number) => void;
}

export function HeadThumbnails({
  axis,
  values,
  count,
  side,
  domain,
  theme,
  chosen,
  onChoose,
}: ThumbnailsProps) {
  const group = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = (chosen + by + count) % count;
    onChoose(next);
    group.current?.querySelectorAll<HTMLElement>("[role=radio]")[next]?.focus();
  };
  return (
    <div className="thumbnails" role="radiogroup" aria-label={`Every ${axis} of this layer`} ref={group}>
      {Array.from({ length: count }, (_, index) => (
        <button
          key={index}
          type="button"
          role="radio"
          aria-checked={index === chosen}
          aria-label={`${axis} ${index}`}
          tabIndex={index === chosen ? 0 : -1}
          className="thumbnail"
          onKeyDown={onKeyDown}
          onClick={() => onChoose(index)}
        >
          <Small
            values={values.subarray(index * side * side, (index + 1) * side * side)}
            {...{ side, domain, theme }}
          />
          <span>{index}</span>
        </button>
      ))}
    </div>
  );
}

function Small({
  values,
  side,
  domain,
  theme,
}: Pick<ThumbnailsProps, "values" | "side" | "domain" | "theme">) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const lut = table(theme, domain.scale);
    const image = context.createImageData(side, side);
    values.forEach((value, place) => image.data.set([...shade(lut, shareOf(value, domain)), 255], place * 4));
    context.putImageData(image, 0, 0);
  }, [values, side, domain, theme]);
  return <canvas ref={canvas} width={side} height={side} aria-hidden="true" />;
}
