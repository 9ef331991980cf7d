import * as tf from '@tensorflow/tfjs';

// Without this TensorFlow.js advertises its Node backend in every test file.
tf.env().set('IS_TEST', true);
