// Drawings as inline SVG text: the plotting library on a document that is not a browser's. Colours are custom properties
// of the page, so that one drawing serves both colour schemes.

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

const { document } = parseHTML("<!doctype html><html><body></body></html>");

/** An element of a drawing, as far as we touch it. */
interface DrawnElement {
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  querySelectorAll(selector: string): Iterable<DrawnElement>;
  remove(): void;
  readonly outerHTML: string;
}

/**
 * @param label what a screen reader says for the whole drawing.
 * @param finish may mark elements of the finished drawing.
 */
export function draw(
  label: string,
  options: Plot.PlotOptions,
  finish: (drawing: DrawnElement) => void = () => {},
): string {
  const drawing = Plot.plot({
    ...options,
    document: document as unknown as NonNullable<Plot.PlotOptions["document"]>,
    className: "plot",
  }) as unknown as DrawnElement;
  // The page's style sheet says all that is needed.
  for (const style of drawing.querySelectorAll("style")) style.remove();
  // A group of shapes is no element that may have a name of its own; the drawing has one.
  for (const shape of drawing.querySelectorAll("g[aria-label]")) shape.removeAttribute("aria-label");
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", label);
  finish(drawing);
  return drawing.outerHTML;
}

/** Give the shapes of one mark, drawn in the order of `data`, an attribute each. */
export function tag<T>(
  drawing: DrawnElement,
  mark: string,
  data: readonly T[],
  attribute: string,
  value: (datum: T) => string,
): void {
  const shapes = [...drawing.querySelectorAll(`.${mark} > *`)];
  if (shapes.length !== data.length) throw new RangeError(`${mark}: ${shapes.length} shapes for ${data.length} data`);
  for (const [i, shape] of shapes.entries()) shape.setAttribute(attribute, value(data[i]!));
}
