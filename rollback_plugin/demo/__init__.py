"""The main job, end to end: two incidents on a real engine, with a consumer that counts every answer."""
