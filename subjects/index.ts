// All subjects. Adding one is a folder and a line here.

import { impl } from "./impl/index.js";
import type { Subject } from "./subject.js";

export const SUBJECTS: readonly Subject[] = [impl];

/** Undefined if there is none of that name. */
export const subjectByName = (name: string): Subject | undefined => SUBJECTS.find((subject) => subject.name === name);

/** What is under test unless somebody says otherwise. */
export const defaultSubject: Subject = impl;
