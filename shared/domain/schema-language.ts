import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';

// The mini build says only "Invalid input" until it is given a language.
z.config(en());
