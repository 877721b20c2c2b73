"""Where clouds come from: files, shapes, images, data sets, trained models; one component a file."""
