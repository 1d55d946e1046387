/** What the 3D view is made of: textures of values and colours, and meshes without a single vertex buffer. */
import {
  BufferGeometry,
  ByteType,
  CustomBlending,
  DataArrayTexture,
  DataTexture,
  FloatType,
  GLSL3,
  HalfFloatType,
  type IUniform,
  LineSegments,
  Mesh,
  OneFactor,
  OneMinusSrcAlphaFactor,
  Points,
  RawShaderMaterial,
  RedFormat,
  RedIntegerFormat,
  RGBAFormat,
  RGFormat,
  Vector2,
  Vector3,
} from "three";
import { type Scale, table } from "../../colour/ramp";
import { THEMES } from "../../words.gen";
import type { Layout } from "./layout";
import { GROUND, shares } from "./palette";
import * as shaders from "./shaders";
import { type Activity, startsOf, widthOf } from "./statistics";

export type Uniforms = Record<string, IUniform>;

/** One layer of the array texture a layer of the model; the frame itself where no cell is left over. */
export function valueTexture(activity: Activity, { columns, rows }: Layout): DataArrayTexture {
  const texture = new DataArrayTexture(null, columns, rows, activity.n_layers);
  const whole = activity.detail === "int8";
  texture.format = whole ? RedIntegerFormat : RedFormat;
  texture.type = whole ? ByteType : HalfFloatType;
  texture.internalFormat = whole ? "R8I" : "R16F";
  texture.unpackAlignment = 1;
  return texture;
}

/** Puts a frame into its texture, with no change to its numbers. */
export function fill(texture: DataArrayTexture, activity: Activity, { columns, rows }: Layout): void {
  const cells = columns * rows;
  const exact = !activity.widths && cells === activity.n_neurons;
  if (exact) texture.image.data = activity.data;
  else {
    const room = cells * activity.n_layers;
    const kept = texture.image.data as Activity["data"] | null;
    const padded =
      kept?.length === room ? kept : activity.detail === "int8" ? new Int8Array(room) : new Uint16Array(room);
    const starts = startsOf(activity);
    for (let layer = 0; layer < activity.n_layers; layer += 1)
      padded.set(activity.data.subarray(starts[layer] as number, starts[layer + 1] as number), layer * cells);
    texture.image.data = padded;
  }
  texture.needsUpdate = true;
}

/** Scale and width of each layer. */
export function layerTexture(activity: Activity): DataTexture {
  const told = new Float32Array(activity.n_layers * 2);
  for (let layer = 0; layer < activity.n_layers; layer += 1)
    told.set([activity.scales?.[layer] ?? 1, widthOf(activity, layer)], layer * 2);
  const texture = new DataTexture(told, activity.n_layers, 1, RGFormat, FloatType);
  texture.needsUpdate = true;
  return texture;
}

export function rampTexture(scale: Scale): DataTexture {
  const lut = table("dark", scale);
  const steps = lut.length / 3;
  const colours = new Uint8Array(steps * 4).fill(255);
  for (let step = 0; step < steps; step += 1) colours.set(lut.subarray(step * 3, step * 3 + 3), step * 4);
  const texture = new DataTexture(colours, steps, 1, RGBAFormat);
  texture.needsUpdate = true;
  return texture;
}

/** Colours of a plate by share of the scale, already weighted by how much they cover: the stronger, the more. */
export function shadeTexture(scale: Scale): DataTexture {
  const texture = rampTexture(scale);
  const shades = texture.image.data as Uint8Array;
  const steps = shades.length / 4;
  for (let step = 0; step < steps; step += 1) {
    const share = step / (steps - 1);
    const alpha = 0.05 + 0.9 * (scale === "signed" ? Math.abs(2 * share - 1) : share);
    for (let channel = 0; channel < 4; channel += 1)
      shades[step * 4 + channel] = Math.round((shades[step * 4 + channel] as number) * alpha);
  }
  return texture;
}

export function linkTexture(texels: Float32Array): DataTexture {
  const texture = new DataTexture(texels, 2, Math.max(1, texels.length / 8), RGBAFormat, FloatType);
  texture.needsUpdate = true;
  return texture;
}

export interface Colours {
  ramp: DataTexture;
  shades: DataTexture;
}

export function coloursOf(scale: Scale): Colours {
  return { ramp: rampTexture(scale), shades: shadeTexture(scale) };
}

/** Uniforms that all parts share, so that each is set once. */
export function sharedUniforms({ ramp, shades }: Colours): Uniforms {
  return {
    values: { value: null },
    layers: { value: null },
    ramp: { value: ramp },
    shades: { value: shades },
    links: { value: null },
    linkRamp: { value: ramp },
    signedLinks: { value: false },
    columns: { value: 1 },
    rows: { value: 1 },
    nLayers: { value: 1 },
    units: { value: 1 },
    pitch: { value: 1 },
    gap: { value: 1 },
    tall: { value: 1 },
    reach: { value: 1 },
    least: { value: 0 },
    bothSigns: { value: false },
    below: { value: 0 },
    focal: { value: 1 },
    view: { value: new Vector2(1, 1) },
    fog: { value: new Vector3(...shares(GROUND)) },
    fogEnds: { value: new Vector2(1, 2) },
    line: { value: new Vector3(...shares(THEMES.dark.muted)) },
  };
}

function material(uniforms: Uniforms, vertexShader: string, fragmentShader: string, defines: Defines) {
  return new RawShaderMaterial({
    glslVersion: GLSL3,
    uniforms,
    vertexShader,
    fragmentShader,
    defines,
    transparent: true,
    depthTest: false,
    depthWrite: false,
    side: 2,
    blending: CustomBlending,
    blendSrc: OneFactor,
    blendDst: OneMinusSrcAlphaFactor,
    blendSrcAlpha: OneFactor,
    blendDstAlpha: OneMinusSrcAlphaFactor,
  });
}

export interface Parts {
  frame: LineSegments<BufferGeometry, RawShaderMaterial>;
  /** Plates that are painted before the points, and those after them. */
  before: Mesh<BufferGeometry, RawShaderMaterial>;
  points: Points<BufferGeometry, RawShaderMaterial>;
  after: Mesh<BufferGeometry, RawShaderMaterial>;
  links: Mesh<BufferGeometry, RawShaderMaterial>;
}

type Defines = Record<string, number>;

/** The meshes in their order of painting. */
export function makeParts(shared: Uniforms, { detail }: Activity, layout: Layout): Parts {
  const padded = layout.widths !== undefined || layout.columns * layout.rows !== layout.n_neurons;
  const defines: Defines = { ...(detail === "int8" && { WHOLE: 1 }), ...(padded && { PADDED: 1 }) };
  const turned = () => ({ ...shared, firstTurn: { value: 0 } });
  const plate = () => material(turned(), shaders.PLATE_VERTEX, shaders.PLATE_FRAGMENT, defines);
  const point = material(turned(), shaders.POINT_VERTEX, shaders.POINT_FRAGMENT, defines);
  const parts: Parts = {
    frame: new LineSegments(
      new BufferGeometry(),
      material(shared, shaders.FRAME_VERTEX, shaders.FRAME_FRAGMENT, defines),
    ),
    before: new Mesh(new BufferGeometry(), plate()),
    points: new Points(new BufferGeometry(), point),
    after: new Mesh(new BufferGeometry(), plate()),
    links: new Mesh(new BufferGeometry(), material(shared, shaders.LINK_VERTEX, shaders.LINK_FRAGMENT, {})),
  };
  Object.values(parts).forEach((part, order) => {
    part.renderOrder = order;
    part.frustumCulled = false;
    part.geometry.setDrawRange(0, 0);
  });
  return parts;
}

export function disposeParts(parts: Parts): void {
  for (const part of Object.values(parts)) {
    part.geometry.dispose();
    part.material.dispose();
  }
}
